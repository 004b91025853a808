import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import type { TopicPartition } from '../../kernel/topic-partition.ts';
import type { Timer } from '../../kernel/clock.ts';

const NO_EPOCH = -1;
/** The last epoch that is given out: the one above is kept for fencing. */
const LAST_EPOCH = 0x7fff - 1;
const NOT_STARTED = -1;

/**
 * ```
 *            AddPartitionsToTxn                EndTxn, or the time is up
 *   Empty ─────────────────────► Ongoing ─────────────────────────────► PrepareCommit, PrepareAbort
 *     ▲                             ▲                                         │ all markers are written
 *     │ InitProducerId              │ AddPartitionsToTxn                      ▼
 *     └─────────────────────────────┴────────────────────────── CompleteCommit, CompleteAbort
 * ```
 */
export type TransactionState =
  'Empty' | 'Ongoing' | 'PrepareCommit' | 'PrepareAbort' | 'CompleteCommit' | 'CompleteAbort';

/** The names of all states of a transaction that Kafka knows, also of those that are not met here. */
export const transactionStates = [
  'Empty',
  'Ongoing',
  'PrepareCommit',
  'PrepareAbort',
  'CompleteCommit',
  'CompleteAbort',
  'Dead',
  'PrepareEpochFence',
] as const;

/** Who sends a request of a transaction. */
export interface ProducerIdentity {
  readonly producerId: bigint;
  readonly epoch: number;
}

/** The answer to InitProducerId. */
export interface InitAnswer extends ProducerIdentity {
  readonly code: number;
}

/** The answer that refuses an InitProducerId. */
export function initRefused(code: number): InitAnswer {
  return { code, producerId: -1n, epoch: NO_EPOCH };
}

/** One transactional id as its coordinator keeps it: who owns it, and its present transaction. */
export class TransactionalId implements ProducerIdentity {
  readonly id: string;
  state: TransactionState = 'Empty';
  timeoutMs: number;
  /** Wall time at which the present or the last transaction began; -1 for none. */
  startedAt = NOT_STARTED;
  /** Ends the transaction when its time is up. */
  limit: Timer | undefined;
  /** Called once, when the transaction that is ending has ended. */
  onEnded: (() => void) | undefined;
  /** What the present transaction writes to, by `topic/partition`. */
  readonly partitions = new Map<string, TopicPartition>();
  /** Ids of the groups whose offsets it commits. */
  readonly groups = new Set<string>();
  #producerId: bigint;
  #formerProducerId = -1n;
  #epoch = NO_EPOCH;
  #formerEpoch = NO_EPOCH;

  constructor(id: string, producerId: bigint, timeoutMs: number) {
    this.id = id;
    this.timeoutMs = timeoutMs;
    this.#producerId = producerId;
  }

  get producerId(): bigint {
    return this.#producerId;
  }

  get epoch(): number {
    return this.#epoch;
  }

  get isEnding(): boolean {
    return this.state === 'PrepareCommit' || this.state === 'PrepareAbort';
  }

  /** The error code for a request of this producer, 0 if it is the owner. */
  check({ producerId, epoch }: ProducerIdentity): number {
    if (producerId !== this.#producerId) return ErrorCodes.INVALID_PRODUCER_ID_MAPPING;
    return epoch === this.#epoch ? ErrorCodes.NONE : ErrorCodes.PRODUCER_FENCED;
  }

  /** Whether an InitProducerId of this producer is one of the owner, or of one that might be it. */
  mayBe({ producerId, epoch }: ProducerIdentity): boolean {
    return (
      this.#epoch === NO_EPOCH ||
      producerId === this.#producerId ||
      (producerId === this.#formerProducerId && epoch >= LAST_EPOCH)
    );
  }

  /**
   * Gives the id to whoever asks, with the next epoch. One that says who it is gets it only if it is
   * the owner; asked again, because an answer was lost, it gets the same answer.
   *
   * @param nextProducerId called where the epochs are used up
   */
  take(expected: ProducerIdentity | undefined, timeoutMs: number, nextProducerId: () => bigint): InitAnswer {
    if (expected !== undefined && this.#epoch !== NO_EPOCH && expected.epoch !== this.#epoch) {
      return expected.epoch === this.#formerEpoch ? this.#owner() : initRefused(ErrorCodes.PRODUCER_FENCED);
    }
    this.#formerEpoch = expected === undefined ? NO_EPOCH : this.#epoch;
    this.#formerProducerId = this.#producerId;
    if (this.#epoch >= LAST_EPOCH) {
      this.#producerId = nextProducerId();
      this.#epoch = 0;
    } else {
      this.#epoch++;
    }
    this.timeoutMs = timeoutMs;
    this.startedAt = NOT_STARTED;
    this.state = 'Empty';
    return this.#owner();
  }

  /**
   * Raises the epoch without giving it to anybody: the owner is fenced, until it asks for the new
   * epoch.
   */
  fence(): void {
    this.#formerEpoch = this.#epoch++;
  }

  #owner(): InitAnswer {
    return { code: ErrorCodes.NONE, producerId: this.#producerId, epoch: this.#epoch };
  }
}
