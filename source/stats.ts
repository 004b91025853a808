import type { BatchTrigger } from './message-processor.ts';
import type { ProcessorState } from './lifecycle.ts';
import type { MessageTally } from './message-tally.ts';
import type { TopicPartition } from './kernel/topic-partition.ts';

/** From where to where one topic-partition was processed and committed. */
export interface PartitionSummary extends TopicPartition {
  /** The first offset of this run. */
  readonly start: number;
  /** The committed offset at the end: the next one to read. */
  readonly end: number;
}

/** What a run did. */
export interface RunSummary {
  /** Messages processed and committed. */
  readonly records: number;
  readonly batches: number;
  /** Records sent and acked. */
  readonly sent: number;
  /** What became of messages that were not simply processed: see `context.tally`. */
  readonly tally: MessageTally;
  readonly durationMs: number;
  readonly partitions: readonly PartitionSummary[];
  /**
   * Partitions of a bounded run whose end was held back by a transaction that was open at the
   * start, with the records behind it.
   */
  readonly openTransactions: readonly (TopicPartition & {
    readonly end: number;
    readonly highWatermark: number;
  })[];
}

/** A failure, as `stats()` shows it. */
export interface RecentError {
  /** When it came last, in ms since 1970. */
  readonly at: number;
  /**
   * Kafka's name of it, such as 'NOT_LEADER_OR_FOLLOWER', or the code of a KasperError, such as
   * 'TIMEOUT'.
   */
  readonly code: string;
  readonly message: string;
  /** Where it is one partition that failed. */
  readonly partition?: number;
  /** How often it came in a row, less than 10 s apart. */
  readonly times: number;
}

/** That something which a run needs has failed for 5 s or longer, and is tried again. */
export interface Degraded {
  /** Since when, in ms since 1970. */
  readonly since: number;
  /**
   * When the run fails, if it lasts, in ms since 1970; null if what fails does not end the run.
   */
  readonly givesUpAt: number | null;
  /** Sentences that say what fails, at most six. */
  readonly problems: readonly string[];
}

/** A transaction of another producer stays open, and what lies behind it is not visible yet. */
export interface HeldBack {
  /** For how long that was seen, in ms. */
  readonly ms: number;
  /** The last stable offset: readers of committed records see nothing from here on. */
  readonly offset: number;
  /** Whose transactions they are; empty while that is not known. */
  readonly producerIds: readonly number[];
}

/** One topic-partition as `stats()` shows it. */
export interface PartitionStats extends TopicPartition {
  /** The next offset to fetch: records before it wait, are in process, or are done. */
  readonly position: number;
  /** The committed offset; null if it is not known. */
  readonly committed: number | null;
  readonly highWatermark: number;
  /**
   * Records between the committed offset and the end that the isolation can see; never negative.
   */
  readonly lag: number;
  /**
   * Whether it is left out of fetches now: its buffer is full, or a bounded run has reached its
   * end.
   */
  readonly paused: boolean;
  /** Messages that were processed and committed in this run. */
  readonly records: number;
  /**
   * For how long the committed offset has not moved although there was something to do, in ms; 0
   * where there is nothing to do (lag 0).
   */
  readonly msSinceProgress: number;
  /**
   * Set while the last stable offset does not move although records lie beyond it, as brokers
   * reported each `metricsUpdateMs`; null otherwise, and with `isolation: 'read_uncommitted'`.
   */
  readonly heldBack: HeldBack | null;
}

/**
 * What a partition, with what joins it of all input topics, is doing:
 *
 * | step | |
 * | --- | --- |
 * | `idle` | messages are awaited, or gather until a batch is due |
 * | `queued` | a batch is due and waits for its turn (`concurrency`), or for the claims to be looked at |
 * | `process`, `produce`, `store` | steps 1 to 3 of the straight line |
 * | `wait` | step 1, in `context.wait`: a middleware that retries or throttles, or the processor itself |
 * | `commit` | earlier commits are awaited: `commit: 'each'`, or `maxUncommittedRecords` is reached |
 * | `held` | no batch begins, since a seek is in progress |
 * | `ended` | it is stopped, or a bounded run has reached its end |
 * | `failed` | a batch failed: nothing more is done |
 */
export type PartitionStep =
  'idle' | 'queued' | 'process' | 'wait' | 'produce' | 'store' | 'commit' | 'held' | 'ended' | 'failed';

/** The last batch whose outputs are durable. */
export interface LastBatch {
  readonly records: number;
  /** As encoded, decompressed. */
  readonly bytes: number;
  /** Records that were sent and acked. */
  readonly sent: number;
  readonly trigger: BatchTrigger;
  readonly processMs: number;
  /** Until all that it sent was acked. */
  readonly produceMs: number;
  /** Until the stores that ask for it were flushed. */
  readonly storeMs: number;
  /** Until its offsets were committed; null until then. */
  readonly commitMs: number | null;
  /** When step 3 ended, in ms since 1970. */
  readonly endedAt: number;
}

/**
 * One partition number as `stats()` shows it: the processor of what joins it of all input topics.
 */
export interface PartitionProcessorStats {
  readonly partition: number;
  readonly step: PartitionStep;
  /** For how long a batch has been due or in process, in ms; 0 if none is. */
  readonly busyMs: number;
  /** Messages that wait. */
  readonly buffered: number;
  /** Bytes that waiting messages keep in memory. */
  readonly bufferedBytes: number;
  /** Messages of the batch in process, and of the one before while that is being flushed. */
  readonly inHand: number;
  /** Batches that were committed in this run. */
  readonly batches: number;
  /** null before the first. */
  readonly lastBatch: LastBatch | null;
}

/**
 * What became of a transaction. `recovered`: the outcome of one of its requests was not known, so its
 * transactional id got a new epoch; then it was committed already, or was begun anew.
 */
export type TransactionOutcome = 'committed' | 'aborted' | 'recovered';

/** A snapshot of a processor: frozen, plain values that JSON can hold. */
export interface ProcessorStats {
  readonly topicProcessorName: string;
  readonly groupId: string;
  readonly state: ProcessorState;
  /** When the run began, in ms since 1970; null before. */
  readonly startedAt: number | null;
  /** What the run fails with; null while it does not. */
  readonly failure: { readonly code: string; readonly message: string } | null;
  /** Null while all that it asks of Kafka succeeds. */
  readonly degraded: Degraded | null;
  /** The last 20 failures, newest first, those that are retried included. */
  readonly recentErrors: readonly RecentError[];
  /** When brokers last reported the ends of the logs, in ms since 1970; null before. */
  readonly endsAskedAt: number | null;
  readonly records: number;
  readonly batches: number;
  readonly batchesByTrigger: Readonly<Record<BatchTrigger, number>>;
  readonly sent: number;
  /**
   * Records that were sent again after an attempt of unknown outcome: the output topics may have
   * them twice. 0 unless brokers failed.
   */
  readonly repeated: number;
  /** Transactions of this run by outcome; null while there was none, as with at-least-once. */
  readonly transactions: Readonly<Record<TransactionOutcome, number>> | null;
  /** What became of messages of committed batches that were not simply processed. */
  readonly tally: MessageTally;
  /** Messages that wait, all partitions together. */
  readonly buffered: number;
  /** Bytes of fetched records in memory, those in process included. */
  readonly bufferedBytes: number;
  /** Messages in process or on the way from there to the commit request. */
  readonly inHand: number;
  readonly partitions: readonly PartitionStats[];
  /** Per partition number. */
  readonly partitionProcessors: readonly PartitionProcessorStats[];
}
