import { ErrorCodes } from '../../kafka/wire/error-codes.ts';

const REMEMBERED_BATCHES = 5;
const SEQUENCES = 2 ** 31;

/** The part of a batch header that makes a producer idempotent. */
export interface ProducerBatch {
  readonly producerId: bigint;
  readonly epoch: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly maxTimestamp: number;
}

interface StoredBatch {
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly baseOffset: number;
  readonly maxTimestamp: number;
}

interface Producer {
  epoch: number;
  /** The last five, oldest first. */
  readonly batches: StoredBatch[];
}

/**
 * What is to be done with a batch: append it, answer with the offset at which it is stored already,
 * or refuse it.
 */
export type SequenceVerdict =
  | { readonly kind: 'append' }
  | { readonly kind: 'duplicate'; readonly baseOffset: number; readonly maxTimestamp: number }
  | { readonly kind: 'refuse'; readonly code: number };

const APPEND: SequenceVerdict = { kind: 'append' };

/**
 * What one partition knows of idempotent producers: for each id its epoch and its last five
 * batches.
 *
 * @see https://cwiki.apache.org/confluence/display/KAFKA/KIP-98
 */
export class ProducerState {
  readonly #producers = new Map<bigint, Producer>();

  check(batch: ProducerBatch): SequenceVerdict {
    const producer = this.#producers.get(batch.producerId);
    // An id that the broker does not know may start at any sequence: its older batches may have
    // been deleted.
    if (producer === undefined) return APPEND;
    if (batch.epoch < producer.epoch) return { kind: 'refuse', code: ErrorCodes.INVALID_PRODUCER_EPOCH };
    if (batch.epoch > producer.epoch) {
      return batch.firstSequence === 0 ? APPEND : outOfOrder;
    }
    for (const stored of producer.batches) {
      if (stored.firstSequence === batch.firstSequence && stored.lastSequence === batch.lastSequence) {
        return { kind: 'duplicate', baseOffset: stored.baseOffset, maxTimestamp: stored.maxTimestamp };
      }
    }
    const last = producer.batches.at(-1);
    const expected = last === undefined ? 0 : nextSequence(last.lastSequence, 1);
    return batch.firstSequence === expected ? APPEND : outOfOrder;
  }

  stored(batch: ProducerBatch, baseOffset: number): void {
    let producer = this.#producers.get(batch.producerId);
    if (producer?.epoch !== batch.epoch) {
      producer = { epoch: batch.epoch, batches: [] };
      this.#producers.set(batch.producerId, producer);
    }
    const { firstSequence, lastSequence, maxTimestamp } = batch;
    producer.batches.push({ firstSequence, lastSequence, baseOffset, maxTimestamp });
    if (producer.batches.length > REMEMBERED_BATCHES) producer.batches.shift();
  }
}

const outOfOrder: SequenceVerdict = { kind: 'refuse', code: ErrorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER };

/** The sequence `count` records on; after 2^31 - 1 comes 0. */
export function nextSequence(sequence: number, count: number): number {
  return (sequence + count) % SEQUENCES;
}
