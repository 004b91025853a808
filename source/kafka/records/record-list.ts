import type { MessageList } from '../source.ts';
import type { BatchView } from './batch-view.ts';
import { ConsumedRecord } from './consumed-record.ts';

/**
 * The records of one record set, which become messages when they are taken. Of those that wait only
 * a number each is kept: objects that live long are what the garbage collector spends its time on,
 * and those of a batch live no longer than its `process`.
 */
export class RecordList implements MessageList {
  /** Where each record is in its batch. */
  readonly #positions: number[] = [];
  /** Those that have records here. */
  readonly #batches: BatchView[] = [];
  /** By batch the index after its last record. */
  readonly #ends: number[] = [];

  get length(): number {
    return this.#positions.length;
  }

  /** Adds a record of the batch that {@link closeBatch} is called for next. */
  push(at: number): void {
    this.#positions.push(at);
  }

  /** All that was pushed since the batch before are records of this one. */
  closeBatch(batch: BatchView): void {
    const end = this.#positions.length;
    if (end === (this.#ends.at(-1) ?? 0)) return;
    this.#batches.push(batch);
    this.#ends.push(end);
  }

  at(index: number): ConsumedRecord | undefined {
    const batch = this.#batches[this.#batchOf(index)];
    return batch === undefined ? undefined : new ConsumedRecord(batch, this.#positions[index] ?? 0);
  }

  slice(start = 0, end = this.length): ConsumedRecord[] {
    const positions = this.#positions;
    const messages: ConsumedRecord[] = [];
    const last = Math.min(end, positions.length);
    let batch = this.#batchOf(start);
    for (let index = start; index < last; batch++) {
      const view = this.#batches[batch] as BatchView;
      const until = Math.min(last, this.#ends[batch] ?? 0);
      for (; index < until; index++) messages.push(new ConsumedRecord(view, positions[index] ?? 0));
    }
    return messages;
  }

  /** The first batch that ends after a record, by halves. */
  #batchOf(index: number): number {
    let low = 0;
    for (let high = this.#ends.length; low < high;) {
      const middle = (low + high) >>> 1;
      if ((this.#ends[middle] ?? 0) > index) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
