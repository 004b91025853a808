/** An offset that a group committed. */
export interface EmbeddedCommit {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly leaderEpoch: number;
  readonly metadata: string;
}

/** A committed offset with its age. */
export interface CommittedEntry extends EmbeddedCommit {
  /** Monotonic time of the commit. */
  readonly committedAt: number;
}

/** The committed offsets of one group. */
export class GroupOffsets {
  readonly #topics = new Map<string, Map<number, CommittedEntry>>();

  get isEmpty(): boolean {
    return this.#topics.size === 0;
  }

  get(topic: string, partition: number): CommittedEntry | undefined {
    return this.#topics.get(topic)?.get(partition);
  }

  all(): CommittedEntry[] {
    return [...this.#topics.values()].flatMap((partitions) => [...partitions.values()]);
  }

  set(entry: CommittedEntry): void {
    let partitions = this.#topics.get(entry.topic);
    if (partitions === undefined) {
      partitions = new Map();
      this.#topics.set(entry.topic, partitions);
    }
    partitions.set(entry.partition, entry);
  }

  delete(topic: string, partition: number): void {
    const partitions = this.#topics.get(topic);
    partitions?.delete(partition);
    if (partitions?.size === 0) this.#topics.delete(topic);
  }

  deleteTopic(topic: string): void {
    this.#topics.delete(topic);
  }

  clear(): void {
    this.#topics.clear();
  }
}
