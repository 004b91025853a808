/**
 * Spreads records without a key over a topic's partitions, in turn.
 *
 * Shared by all senders of a processor: a count of its own in each would send the first record of every batch to partition 0.
 */
export class KeylessSpread {
  readonly #next = new Map<string, number>();

  /** The partition of the next record without a key. */
  next(topic: string, partitionCount: number): number {
    const partition = (this.#next.get(topic) ?? 0) % partitionCount;
    this.#next.set(topic, partition + 1);
    return partition;
  }
}
