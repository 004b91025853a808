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
  #firstOffset: number | undefined;

  /** Takes note of a batch that was appended; a control batch, of either kind, ends one. */
  appended(batch: Buffer, baseOffset: number): void {
    const attributes = attributesOf(batch, 0);
    if ((attributes & TRANSACTIONAL) === 0) return;
    const producerId = producerIdOf(batch, 0);
    if ((attributes & CONTROL) !== 0) this.#open.delete(producerId);
    else {
      const firstOffset = this.#open.get(producerId)?.firstOffset ?? baseOffset;
      const epoch = producerEpochOf(batch, 0);
      this.#open.set(producerId, { producerId, epoch, firstOffset, lastTimestamp: maxTimestampOf(batch, 0) });
    }
    const [first] = this.all().sort((a, b) => a.firstOffset - b.firstOffset);
    this.#firstOffset = first?.firstOffset;
  }

  /** Undefined if none is open. */
  get firstOffset(): number | undefined {
    return this.#firstOffset;
  }

  all(): OpenTransaction[] {
    return [...this.#open.values()];
  }
}
