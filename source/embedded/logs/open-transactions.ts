import {
  CONTROL,
  TRANSACTIONAL,
  attributesOf,
  maxTimestampOf,
  producerEpochOf,
  producerIdOf,
} from '../../kafka/records/batch-header.ts';
import { isAbort } from './marker-batch.ts';

/** A transaction that has no marker yet in one partition. */
export interface OpenTransaction {
  readonly producerId: bigint;
  readonly epoch: number;
  readonly firstOffset: number;
  readonly lastTimestamp: number;
}

/** A transaction that was aborted, with the offset of its marker. */
export interface AbortedRange {
  readonly producerId: bigint;
  readonly firstOffset: number;
  readonly lastOffset: number;
}

/** The transactions of one partition: those that are open, and those that were aborted. */
export class OpenTransactions {
  /** In the order of their first offsets. */
  readonly #open = new Map<bigint, OpenTransaction>();
  /** In the order of their markers. */
  #aborted: AbortedRange[] = [];

  /** Takes note of a batch that was appended; a control batch ends a transaction. */
  appended(batch: Buffer, baseOffset: number): void {
    const attributes = attributesOf(batch, 0);
    if ((attributes & TRANSACTIONAL) === 0) return;
    const producerId = producerIdOf(batch, 0);
    const open = this.#open.get(producerId);
    if ((attributes & CONTROL) === 0) {
      const firstOffset = open?.firstOffset ?? baseOffset;
      const epoch = producerEpochOf(batch, 0);
      this.#open.set(producerId, { producerId, epoch, firstOffset, lastTimestamp: maxTimestampOf(batch, 0) });
      return;
    }
    this.#open.delete(producerId);
    if (open === undefined || !isAbort(batch)) return;
    this.#aborted.push({ producerId, firstOffset: open.firstOffset, lastOffset: baseOffset });
  }

  /** Undefined if none is open. */
  get firstOffset(): number | undefined {
    for (const { firstOffset } of this.#open.values()) return firstOffset;
    return undefined;
  }

  /** The open transaction of a producer. */
  of(producerId: bigint): OpenTransaction | undefined {
    return this.#open.get(producerId);
  }

  all(): OpenTransaction[] {
    return [...this.#open.values()];
  }

  /** Those that were aborted and have records or markers from `from` on, and begin before `end`. */
  abortedBetween(from: number, end: number): readonly AbortedRange[] {
    return this.#aborted.filter(({ firstOffset, lastOffset }) => lastOffset >= from && firstOffset < end);
  }

  /** All that were aborted, as far as they are known, in the order of their markers. */
  get aborted(): readonly AbortedRange[] {
    return this.#aborted;
  }

  /** Knows only these any more: of the others nothing is left. */
  keepAborted(ranges: readonly AbortedRange[]): void {
    this.#aborted = [...ranges];
  }

  /** Forgets the aborted ones that lie before an offset as a whole. */
  deletedBefore(offset: number): void {
    this.#aborted = this.#aborted.filter(({ lastOffset }) => lastOffset >= offset);
  }
}
