import type { AnyStore } from '../stores/multi-store.ts';
import type { Clock } from './kernel/clock.ts';
import type { Logger } from './kernel/logger.ts';
import type { ConsumerMessage } from './message.ts';
import type { MessageOutcome } from './message-tally.ts';
import type { Sender } from './sender.ts';
import type { TopicPartition } from './kernel/topic-partition.ts';

/** Which rule made a batch due. */
export type BatchTrigger = 'count' | 'bytes' | 'age' | 'memory' | 'end';

/** The stores that a processor was given, by name; of Buffers, or of what a codec makes of them. */
export type StoreMap = Readonly<Record<string, AnyStore>>;

/**
 * What TypeScript cannot see where it is used, such as the stores in an argument of `prefetch` within
 * a job: it is taken for what the code uses it as, like the result of `JSON.parse`.
 */
export type Unseen = ReturnType<typeof JSON.parse>;

/** What a batch is processed with. */
export interface ProcessContext<Stores extends StoreMap = StoreMap> {
  /** The consumer group of the offsets. */
  readonly groupId: string;
  /** The partition of every message of this batch. */
  readonly partition: number;
  /** Why the batch is due. */
  readonly trigger: BatchTrigger;
  /** 1 for the first attempt; a middleware that retries counts it up. */
  readonly attempt: number;
  /** The stores given as option, by name. */
  readonly stores: Stores;
  /** Carries the processor's name and the partition. */
  readonly logger: Logger;
  /** The time and timers of the processor: those of this machine, or those that a test turns. */
  readonly clock: Clock;
  /**
   * Aborted when `processTimeoutMs` is over, or `closeTimeoutMs` while the processor closes; its
   * reason is then a TimeoutError. Also when the batch before, which was being flushed meanwhile,
   * has failed: nothing of this one will count.
   */
  readonly signal: AbortSignal;
  /**
   * Waits `ms` and lets other partitions be processed meanwhile: the process slot is given back,
   * and queued for again.
   * @throws ConfigError for what is not a duration, such as NaN or a negative number
   * @throws LifecycleError when the processor closes, or if the attempt has ended; TimeoutError
   *   when `processTimeoutMs` is over
   */
  wait(ms: number): Promise<void>;
  /**
   * Resolves if, a moment ago at most, the partitions were still this run's (see the option
   * `claims`); Kafka is asked where that is longer ago. For writes that a process which slept
   * through a takeover must not make; `prefetch` asks before it writes back. At once with `claims:
   * false`.
   * @throws FencedError when another process has taken a partition over
   */
  stillOwned(): Promise<void>;
  /** Ends the run after this batch, as `close()` does; does not wait. */
  stop(): void;
  /**
   * Has something recorded with the commit: called when the batch's outputs and stores are durable,
   * before its offsets are committed, in order, each one awaited; {@link stillOwned} is asked
   * before each. What it throws fails the batch: its outputs are durable by then, and it is
   * reprocessed. Forgotten when the attempt fails (but for a BatchError).
   *
   * @throws LifecycleError when `process` has ended: it would be called too late, or never
   */
  beforeCommit(callback: () => void | Promise<void>): void;
  /**
   * Calls back after this batch's offsets were committed. What it throws is logged. Forgotten when
   * the attempt fails (but for a BatchError).
   */
  onCommitted(callback: () => void): void;
  /**
   * Counts messages that are not simply processed, so that none is set aside without a trace: in
   * the reports of the batch, and once it is committed in `stats()` and the counter
   * `kasper_messages_total`. Forgotten when the attempt fails (but for a BatchError).
   *
   * @param count how many more messages, a whole number
   * @throws ConfigError for another outcome or count, LifecycleError when `process` has ended
   */
  tally(outcome: MessageOutcome, count: number): void;
  /**
   * For middleware: passes the sender of each later attempt at this batch through `decorate`, for
   * example to add a header to every record. The decorated sender hands on to the one it is given;
   * what it does not hand on is not sent.
   */
  decorateSender(decorate: SenderDecorator<Stores>): void;
}

/**
 * The user's code: works on one batch at a time.
 *
 * One instance may serve all partitions without locks: unless `concurrency` is raised, `process` is
 * never entered while another call is in progress.
 */
export interface MessageProcessor<Stores extends StoreMap = StoreMap> {
  /**
   * Handles the messages of one batch: one partition, all input topics in order of arrival. When it
   * has returned, what was sent is flushed (acks=all), then offsets are committed. To throw means
   * that nothing of this batch is committed.
   */
  process(
    messages: readonly ConsumerMessage[],
    sender: Sender,
    context: ProcessContext<Stores>,
  ): void | Promise<void>;
  /** Called once before the first batch of the run. */
  init?(context: InitContext<Stores>): void | Promise<void>;
  /**
   * Called once when the run ends, also after a failure, even if `init` was not reached, or a
   * `process` that was given up still hangs.
   */
  close?(): void | Promise<void>;
  /**
   * Stores that it uses besides those of the option `stores`: they too keep out what former owners
   * of the partitions began to write. {@link prefetch} sets it.
   */
  readonly ownStores?: readonly AnyStore[];
  /**
   * Whether a batch may be in process while the records that the partition's batch before has sent
   * still wait for their acks. When they get none, nothing of the batch in process is flushed or
   * committed, and both are reprocessed.
   *
   * Default: true without the option `stores`, else false; {@link prefetch} sets it to false. What a
   * batch writes to a store would be there before the records of the batch before are stored, and
   * after a failure those would be made anew, of a state that is newer than they are. Set it to true
   * where `process` only reads stores, to false where it writes to one that the processor does not
   * know. It has no effect with `commit: 'each'`, with stores to flush, and for a batch that has
   * something called back by `context.beforeCommit` or has sent more than an eighth of
   * `maxSendBufferBytes`.
   */
  readonly overlapsFlush?: boolean;
  /** Called before the first batch of these partitions. */
  onAssigned?(partitions: readonly TopicPartition[]): void | Promise<void>;
  /** Called after the last batch of these partitions, if `onAssigned` was. */
  onRevoked?(partitions: readonly TopicPartition[]): void | Promise<void>;
}

/** What `init` is given. */
export interface InitContext<Stores extends StoreMap = StoreMap> {
  readonly stores: Stores;
  readonly logger: Logger;
}

/**
 * Makes a sender that hands on to another one, for one attempt. See
 * {@link ProcessContext.decorateSender}.
 */
export type SenderDecorator<Stores extends StoreMap = StoreMap> = (
  sender: Sender,
  context: ProcessContext<Stores>,
) => Sender;

/** The function form of {@link MessageProcessor.process}. */
export type ProcessFunction<Stores extends StoreMap = StoreMap> = MessageProcessor<Stores>['process'];

/** A message that failed, and why. */
export interface MessageFailure {
  readonly message: ConsumerMessage;
  readonly error: unknown;
  /**
   * Whether it was not tried, because of an earlier message that failed: it must not be processed
   * before that one. The `cause` of its error is then the error of that one.
   */
  readonly notRun?: true;
  /** Where it failed, if not when it was handled: before that, its value could not be decoded. */
  readonly stage?: 'decode';
}
