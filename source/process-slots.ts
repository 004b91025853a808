/** Lets at most `concurrency` partitions be in `process` at once; the others queue, first come, first served. */
export class ProcessSlots {
  #free: number;
  readonly #queue: (() => void)[] = [];

  constructor(concurrency: number) {
    this.#free = concurrency;
  }

  /** Resolves when a slot is the caller's; each acquire is followed by one release. */
  acquire(): Promise<void> {
    if (this.#free > 0) {
      this.#free--;
      return Promise.resolve();
    }
    return new Promise((resolve) => this.#queue.push(resolve));
  }

  release(): void {
    const next = this.#queue.shift();
    if (next === undefined) this.#free++;
    else next();
  }
}
