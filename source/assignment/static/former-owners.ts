import { keyOf, type TopicPartition } from '../../kernel/topic-partition.ts';
import type { ClaimEntry } from './claim-entries.ts';

/**
 * An entry names this many owners: its text has a limit (offset.metadata.max.bytes). Where it could
 * not be made sure of more of them, one after another, they have hardly written anything.
 */
const MOST_OF_A_PARTITION = 16;

/**
 * Owners before this one whose writes to stores may still be on their way, by partition: those that
 * did not release it, and those that they had not made sure of themselves.
 */
export class FormerOwners {
  readonly #byPartition = new Map<string, readonly string[]>();
  #nextFence = 0;

  /** The fence number of an owner after them. */
  get nextFence(): number {
    return this.#nextFence;
  }

  /** All of them. */
  get ids(): readonly string[] {
    return [...new Set([...this.#byPartition.values()].flat())];
  }

  /** Keeps what the entries say that are taken now; the entries of other partitions are left out. */
  adopt(
    entries: readonly ClaimEntry[],
    {
      own,
      partitions,
      nowMs,
    }: { readonly own: string; readonly partitions: readonly TopicPartition[]; readonly nowMs: number },
  ): void {
    const wanted = new Set(partitions.map(keyOf));
    // By the clock as well: the entries may be gone one day, but not what stores hold of the number.
    this.#nextFence = Math.max(this.#nextFence, Math.floor(nowMs));
    for (const { topic, partition, record } of entries) {
      if (record === undefined || record.owner === own || !wanted.has(keyOf({ topic, partition }))) continue;
      this.#nextFence = Math.max(this.#nextFence, (record.fence ?? 0) + 1);
      const ids = [...(record.unfenced ?? []), ...(record.released === true ? [] : [record.owner])];
      const named =
        ids.length <= MOST_OF_A_PARTITION
          ? ids
          : [...ids.slice(0, MOST_OF_A_PARTITION - 1), ...ids.slice(-1)];
      if (named.length === 0) this.#byPartition.delete(keyOf({ topic, partition }));
      else this.#byPartition.set(keyOf({ topic, partition }), named);
    }
  }

  /** Those of one partition. */
  of(at: TopicPartition): readonly string[] {
    return this.#byPartition.get(keyOf(at)) ?? [];
  }

  /** Nothing of them can be written any more. @returns whether that is news */
  clear(): boolean {
    const isNews = this.#byPartition.size > 0;
    this.#byPartition.clear();
    return isNews;
  }
}
