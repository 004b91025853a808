import { keyOf } from '../../kernel/topic-partition.ts';

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

interface Stored {
  readonly entry: CommittedEntry;
  /** Counts all commits of the group: the later one of two counts. */
  readonly order: number;
}

/**
 * The offsets that one group has committed, and those that wait for the end of a transaction. Of
 * commits to one partition the one that came last counts, also where one of them is of a
 * transaction that ends later.
 */
export class GroupOffsets {
  readonly #topics = new Map<string, Map<number, Stored>>();
  /** By producer id, then by topic and partition. */
  readonly #pending = new Map<bigint, Map<string, Stored>>();
  #commits = 0;

  /** There is none, and none waits. */
  get isEmpty(): boolean {
    return this.#topics.size === 0 && this.#pending.size === 0;
  }

  get(topic: string, partition: number): CommittedEntry | undefined {
    return this.#topics.get(topic)?.get(partition)?.entry;
  }

  all(): CommittedEntry[] {
    return [...this.#topics.values()].flatMap((partitions) =>
      [...partitions.values()].map(({ entry }) => entry),
    );
  }

  set(entry: CommittedEntry): void {
    this.#store({ entry, order: this.#commits++ });
  }

  /** Keeps an offset until the transaction of its producer ends. */
  setPending(producerId: bigint, entry: CommittedEntry): void {
    let pending = this.#pending.get(producerId);
    if (pending === undefined) {
      pending = new Map();
      this.#pending.set(producerId, pending);
    }
    pending.set(keyOf(entry), { entry, order: this.#commits++ });
  }

  /** Whether the end of a transaction may change the offset of a partition. */
  isPending(topic: string, partition: number): boolean {
    const key = keyOf({ topic, partition });
    for (const pending of this.#pending.values()) if (pending.has(key)) return true;
    return false;
  }

  /** The offsets of a producer's transaction count from now on, or are dropped. */
  endTransaction(producerId: bigint, committed: boolean): void {
    const pending = this.#pending.get(producerId);
    if (pending === undefined) return;
    this.#pending.delete(producerId);
    if (!committed) return;
    for (const stored of pending.values()) {
      const { topic, partition } = stored.entry;
      const present = this.#topics.get(topic)?.get(partition);
      if (present === undefined || present.order < stored.order) this.#store(stored);
    }
  }

  #store(stored: Stored): void {
    const { entry } = stored;
    let partitions = this.#topics.get(entry.topic);
    if (partitions === undefined) {
      partitions = new Map();
      this.#topics.set(entry.topic, partitions);
    }
    partitions.set(entry.partition, stored);
  }

  delete(topic: string, partition: number): void {
    const partitions = this.#topics.get(topic);
    partitions?.delete(partition);
    if (partitions?.size === 0) this.#topics.delete(topic);
    this.#dropPending((entry) => entry.topic === topic && entry.partition === partition);
  }

  deleteTopic(topic: string): void {
    this.#topics.delete(topic);
    this.#dropPending((entry) => entry.topic === topic);
  }

  /** Those that wait for the end of a transaction stay. */
  clear(): void {
    this.#topics.clear();
  }

  #dropPending(isGone: (entry: CommittedEntry) => boolean): void {
    for (const [producerId, pending] of this.#pending) {
      for (const [key, { entry }] of pending) if (isGone(entry)) pending.delete(key);
      if (pending.size === 0) this.#pending.delete(producerId);
    }
  }
}
