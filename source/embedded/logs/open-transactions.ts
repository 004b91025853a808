import {
  CONTROL,
  TRANSACTIONAL,
  attributesOf,
  maxTimestampOf,
  producerEpochOf,
  producerIdOf,
} from '../../kafka/records/batch-header.ts';

/** A transaction that has no marker yet in one partition. */
export interface OpenTransaction {
  readonly producerId: bigint;
  readonly epoch: number;
  readonly firstOffset: number;
  readonly lastTimestamp: number;
}

/**
 * The transactions that are open in one partition. The cluster serves no requests of transactions:
 * they come from batches that are appended raw.
 */
export class OpenTransactions {
  readonly #open = new Map<bigint, OpenTransaction>();

  /** Takes note of a batch that was appended; a control batch, of either kind, ends one. */
  appended(batch: Buffer, baseOffset: number): void {
    const attributes = attributesOf(batch, 0);
    if ((attributes & TRANSACTIONAL) === 0) return;
    const producerId = producerIdOf(batch, 0);
    if ((attributes & CONTROL) !== 0) {
      this.#open.delete(producerId);
      return;
    }
    const firstOffset = this.#open.get(producerId)?.firstOffset ?? baseOffset;
    const epoch = producerEpochOf(batch, 0);
    this.#open.set(producerId, { producerId, epoch, firstOffset, lastTimestamp: maxTimestampOf(batch, 0) });
  }

  /** Undefined if none is open. */
  get firstOffset(): number | undefined {
    let first: number | undefined;
    for (const { firstOffset } of this.#open.values()) first = Math.min(first ?? firstOffset, firstOffset);
    return first;
  }

  all(): OpenTransaction[] {
    return [...this.#open.values()];
  }
}
