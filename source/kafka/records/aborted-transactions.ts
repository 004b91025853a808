/**
 * A transaction that was aborted: its producer's transactional records from `firstOffset` up to the
 * abort marker do not count.
 */
export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: number;
}

/**
 * Says which batches of one record set belong to aborted transactions. Batches must be asked about
 * in offset order.
 *
 * @see https://kafka.apache.org/documentation/#controlbatch
 */
export class AbortedTransactions {
  readonly #waiting: AbortedTransaction[];
  readonly #open = new Set<bigint>();

  constructor(transactions: readonly AbortedTransaction[]) {
    // Latest first, so that the next one is popped from the end.
    this.#waiting = transactions.toSorted((a, b) => b.firstOffset - a.firstOffset);
  }

  /** Takes note of the transactions that begin up to this offset. */
  advanceTo(offset: number): void {
    for (;;) {
      const next = this.#waiting.at(-1);
      if (next === undefined || next.firstOffset > offset) return;
      this.#open.add(next.producerId);
      this.#waiting.pop();
    }
  }

  /** An abort marker of this producer was met. */
  end(producerId: bigint): void {
    this.#open.delete(producerId);
  }

  has(producerId: bigint): boolean {
    return this.#open.has(producerId);
  }
}
