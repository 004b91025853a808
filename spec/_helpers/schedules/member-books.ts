/** How many partitions the members of a schedule share. */
export const sharedPartitions = 6;

/** What the members of a group were given, and what must hold of it. */
export class MemberBooks {
  readonly failures: string[] = [];
  /** Owners by generation and partition. */
  readonly #owners = new Map<string, string>();
  readonly #given = new Map<string, string>();

  fail(what: string): void {
    this.failures.push(what);
  }

  /** The assignments of the leader; empty for a member that was told of no others. */
  assign(generation: number, memberIds: readonly string[]): Map<string, Buffer> {
    const assignments = new Map<string, Buffer>();
    memberIds.forEach((memberId, k) => {
      const own: number[] = [];
      for (let p = k; p < sharedPartitions; p += memberIds.length) own.push(p);
      assignments.set(memberId, Buffer.from(`${generation}:${own.join()}`));
    });
    return assignments;
  }

  /** One owner per partition and generation, whose assignment is of that very generation. */
  owns(generation: number, owner: string, assignment: string): void {
    const before = this.#given.get(`${generation} ${owner}`) ?? assignment;
    if (before !== assignment) this.fail(`${owner} had '${before}', and then '${assignment}'`);
    this.#given.set(`${generation} ${owner}`, assignment);
    if (assignment === '') return;
    const [ofGeneration, partitions = ''] = assignment.split(':');
    if (Number(ofGeneration) !== generation)
      this.fail(`generation ${generation} was given the assignment '${assignment}'`);
    for (const partition of partitions.split(',').filter((each) => each !== '')) {
      const key = `${generation} ${partition}`;
      const other = this.#owners.get(key) ?? owner;
      if (other !== owner) this.fail(`${other} and ${owner} own ${partition} in generation ${generation}`);
      this.#owners.set(key, owner);
    }
  }

  /** The partitions that an owner has in a generation. */
  partitionsOf(generation: number, owner: string): string[] {
    const [, partitions = ''] = (this.#given.get(`${generation} ${owner}`) ?? '').split(':');
    return partitions.split(',').filter((each) => each !== '');
  }
}
