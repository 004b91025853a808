import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import type { TransactionMarker } from './marker-batch.ts';

const REMEMBERED_BATCHES = 5;
const SEQUENCES = 2 ** 31;
/** How many producers a partition knows. A broker forgets them by time alone (`producer.id.expiration.ms`). */
const MAX_PRODUCERS = 10_000;

/** The part of a batch header that makes a producer idempotent. */
export interface ProducerBatch {
  readonly producerId: bigint;
  readonly epoch: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly maxTimestamp: number;
}

/** What of a batch tells whether its producer is known by it. */
export interface BatchSummary {
  readonly producerId: bigint;
  readonly epoch: number;
  readonly lastOffset: number;
  readonly isControl: boolean;
}

interface StoredBatch {
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly baseOffset: number;
  readonly maxTimestamp: number;
}

/** What a partition knows of one producer. */
export interface KnownProducer {
  readonly producerId: bigint;
  readonly epoch: number;
  /** -1 where nothing was written under this epoch. */
  readonly lastSequence: number;
  /** Milliseconds since 1970. */
  readonly lastTimestamp: number;
  /** Of the coordinator that ended its last transaction; -1 before the first end. */
  readonly coordinatorEpoch: number;
}

interface Producer {
  epoch: number;
  lastTimestamp: number;
  coordinatorEpoch: number;
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
  /** Those that wrote last are last. */
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
      producer = {
        epoch: batch.epoch,
        lastTimestamp: -1,
        coordinatorEpoch: producer?.coordinatorEpoch ?? -1,
        batches: [],
      };
    }
    this.#producers.delete(batch.producerId);
    this.#set(batch.producerId, producer);
    const { firstSequence, lastSequence, maxTimestamp } = batch;
    producer.lastTimestamp = maxTimestamp;
    producer.batches.push({ firstSequence, lastSequence, baseOffset, maxTimestamp });
    if (producer.batches.length > REMEMBERED_BATCHES) producer.batches.shift();
  }

  /** Whether a marker may be written: its error code, 0 for a good one. */
  checkMarker({ producerId, epoch, coordinatorEpoch }: TransactionMarker): number {
    const producer = this.#producers.get(producerId);
    if (producer === undefined) return ErrorCodes.NONE;
    if (epoch < producer.epoch) return ErrorCodes.INVALID_PRODUCER_EPOCH;
    return coordinatorEpoch < producer.coordinatorEpoch
      ? ErrorCodes.TRANSACTION_COORDINATOR_FENCED
      : ErrorCodes.NONE;
  }

  /**
   * A marker with a raised epoch fences the producer; its batches are remembered else.
   *
   * @param timestamp of the marker
   */
  marked({ producerId, epoch, coordinatorEpoch }: TransactionMarker, timestamp: number): void {
    const producer = this.#producers.get(producerId);
    const batches = producer?.epoch === epoch ? producer.batches : [];
    this.#set(producerId, { epoch, lastTimestamp: timestamp, coordinatorEpoch, batches });
  }

  #set(producerId: bigint, producer: Producer): void {
    this.#producers.set(producerId, producer);
    if (this.#producers.size <= MAX_PRODUCERS) return;
    for (const oldest of this.#producers.keys()) {
      this.#producers.delete(oldest);
      break;
    }
  }

  /**
   * Whether a batch holds what is known of its producer: the last sequence, or the epoch where
   * nothing was written under it.
   */
  isKnownBy({ producerId, epoch, lastOffset, isControl }: BatchSummary): boolean {
    const producer = this.#producers.get(producerId);
    if (producer === undefined) return false;
    const last = producer.batches.at(-1);
    if (last === undefined) return isControl && epoch === producer.epoch;
    const sequences = (last.lastSequence - last.firstSequence + SEQUENCES) % SEQUENCES;
    return lastOffset === last.baseOffset + sequences;
  }

  all(): KnownProducer[] {
    return [...this.#producers].map(([producerId, { epoch, lastTimestamp, coordinatorEpoch, batches }]) => ({
      producerId,
      epoch,
      lastSequence: batches.at(-1)?.lastSequence ?? -1,
      lastTimestamp,
      coordinatorEpoch,
    }));
  }
}

const outOfOrder: SequenceVerdict = { kind: 'refuse', code: ErrorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER };

/** The sequence `count` records on; after 2^31 - 1 comes 0. */
export function nextSequence(sequence: number, count: number): number {
  return (sequence + count) % SEQUENCES;
}
