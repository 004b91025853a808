import { keyOf } from '../../kernel/topic-partition.ts';
import type { BoundedMemory } from '../bounded-memory.ts';

/** What an offset takes beside its metadata. */
const OFFSET_BYTES = 256;
/** How many offsets of one group a transaction may commit: they count all together when it ends. */
const MAX_PENDING = 50_000;

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
  readonly #memory: BoundedMemory;
  #commits = 0;

  constructor(memory: BoundedMemory) {
    this.#memory = memory;
  }

  /** There is none, and none waits. */
  get isEmpty(): boolean {
    return this.#topics.size === 0 && this.#pending.size === 0;
  }

  get(topic: string, partition: number): CommittedEntry | undefined {
    return this.#topics.get(topic)?.get(partition)?.entry;
  }

  /** The topics that have committed offsets, with their partitions. */
  topics(): { topic: string; partitions: { partition: number }[] }[] {
    return [...this.#topics].map(([topic, partitions]) => ({
      topic,
      partitions: [...partitions.keys()].map((partition) => ({ partition })),
    }));
  }

  all(): CommittedEntry[] {
    return [...this.#topics.values()].flatMap((partitions) =>
      [...partitions.values()].map(({ entry }) => entry),
    );
  }

  /** Returns whether there is memory for it. */
  set(entry: CommittedEntry): boolean {
    return this.#store({ entry, order: this.#commits++ });
  }

  /**
   * Keeps an offset until the transaction of its producer ends; returns whether there is memory for it.
   */
  setPending(producerId: bigint, entry: CommittedEntry): boolean {
    const pending = this.#pending.get(producerId) ?? new Map<string, Stored>();
    const key = keyOf(entry);
    const former = pending.get(key);
    if (former === undefined && pending.size >= MAX_PENDING) return false;
    if (!this.#memory.take(bytesOf(entry) - bytesOf(former?.entry))) return false;
    this.#pending.set(producerId, pending.set(key, { entry, order: this.#commits++ }));
    return true;
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
    for (const { entry } of pending.values()) this.#memory.give(bytesOf(entry));
    if (!committed) return;
    for (const stored of pending.values()) {
      const { topic, partition } = stored.entry;
      const present = this.#topics.get(topic)?.get(partition);
      if (present === undefined || present.order < stored.order) this.#store(stored);
    }
  }

  #store(stored: Stored): boolean {
    const { entry } = stored;
    const former = this.get(entry.topic, entry.partition);
    if (!this.#memory.take(bytesOf(entry) - bytesOf(former))) return false;
    let partitions = this.#topics.get(entry.topic);
    if (partitions === undefined) {
      partitions = new Map();
      this.#topics.set(entry.topic, partitions);
    }
    partitions.set(entry.partition, stored);
    return true;
  }

  delete(topic: string, partition: number): void {
    const partitions = this.#topics.get(topic);
    this.#memory.give(bytesOf(partitions?.get(partition)?.entry));
    partitions?.delete(partition);
    if (partitions?.size === 0) this.#topics.delete(topic);
    const key = keyOf({ topic, partition });
    for (const [producerId, pending] of this.#pending) {
      this.#memory.give(bytesOf(pending.get(key)?.entry));
      if (pending.delete(key) && pending.size === 0) this.#pending.delete(producerId);
    }
  }

  deleteTopic(topic: string): void {
    for (const { entry } of this.#topics.get(topic)?.values() ?? []) this.#memory.give(bytesOf(entry));
    this.#topics.delete(topic);
    for (const [producerId, pending] of this.#pending) {
      for (const [key, { entry }] of pending) {
        if (entry.topic !== topic) continue;
        this.#memory.give(bytesOf(entry));
        pending.delete(key);
      }
      if (pending.size === 0) this.#pending.delete(producerId);
    }
  }

  /** Those that wait for the end of a transaction stay. */
  clear(): void {
    for (const partitions of this.#topics.values()) {
      for (const { entry } of partitions.values()) this.#memory.give(bytesOf(entry));
    }
    this.#topics.clear();
  }

  /** All are gone, with their group. */
  forget(): void {
    this.clear();
    for (const producerId of [...this.#pending.keys()]) this.endTransaction(producerId, false);
  }
}

/** The memory that an offset takes; 0 for none. */
function bytesOf(entry: CommittedEntry | undefined): number {
  return entry === undefined ? 0 : OFFSET_BYTES + 2 * entry.metadata.length;
}
