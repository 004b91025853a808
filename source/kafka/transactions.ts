import type { KasperError } from '../kernel/errors.ts';
import type { TopicPartition } from '../kernel/topic-partition.ts';
import type { OffsetToCommit } from './group-offsets.ts';
import type { RecordAccumulator, RecordSink, SinkOptions } from './sink.ts';

/**
 * The producer of one transactional id: it owns the id since its last {@link init}, unless another
 * one has taken the id over since. Of its requests one is under way at a time, but for
 * {@link addPartitions} beside {@link addOffsets}.
 *
 * A request is sent again by itself only where the broker has answered that it did nothing.
 */
export interface TransactionalProducer extends Pick<RecordSink, 'partitionCount' | 'loadTopic' | 'close'> {
  readonly transactionalId: string;
  /**
   * Takes the id, under a new epoch (InitProducerId): what is open of it is aborted, and late
   * requests of its owner before are refused. Retried for `retryTimeoutMs`.
   *
   * @param as `'owner'`: only if nobody has taken it since the last time, else `fenced`. **Aborts the
   *   transaction of who has**: ask the guard before
   */
  init(as: 'newcomer' | 'owner'): Promise<TransactionFailure | undefined>;
  /** The transaction is going to write to these (AddPartitionsToTxn). */
  addPartitions(partitions: readonly TopicPartition[]): Promise<TransactionFailure | undefined>;
  /** The transaction is going to commit offsets of the group (AddOffsetsToTxn). */
  addOffsets(groupId: string): Promise<TransactionFailure | undefined>;
  /** The offsets are committed if the transaction is (TxnOffsetCommit); all of them, or a failure. */
  commitOffsets(groupId: string, offsets: readonly OffsetToCommit[]): Promise<TransactionFailure | undefined>;
  /** Ends the transaction (EndTxn). After `'aborted'` nothing may be sent before {@link init}. */
  end(as: 'committed' | 'aborted'): Promise<TransactionFailure | undefined>;
  /** An empty buffer of one sender. What it flushes goes to `output`, and is not held any more. */
  accumulator(output: TransactionOutput): RecordAccumulator;
  /**
   * Sends records of the transaction (Produce, acks=all), in order per partition; under another
   * epoch also those that were sent before. What fails and can pass is retried for `retryTimeoutMs`.
   */
  produce(records: readonly EncodedRecords[]): Promise<TransactionFailure | undefined>;
}

/** Takes what a buffer of a transaction flushes. */
export interface TransactionOutput {
  /** @throws ProduceError, FencedError */
  send(records: EncodedRecords): Promise<void>;
  /** Nothing that the buffer held or flushed is to count. */
  dropped(): void;
}

/** Records that are encoded, to be sent once or, when their transaction was lost, again. */
export interface EncodedRecords {
  /** Where they go, each once. */
  readonly partitions: readonly TopicPartition[];
}

/** Why a request of a transaction did not succeed. */
export interface TransactionFailure {
  /**
   * - `fenced`: another producer owns the id.
   * - `unknown`: whether it was done, or who owns the id, is not known: call `init('owner')`.
   * - `refused`: it was not done, and will not be.
   */
  readonly outcome: 'fenced' | 'unknown' | 'refused';
  readonly error: KasperError;
}

/** How a transactional producer works. */
export interface TransactionalProducerOptions extends Omit<SinkOptions, 'idempotent' | 'onRepeated'> {
  readonly transactionalId: string;
  /** The brokers abort a transaction that is open for this long (transaction.timeout.ms). */
  readonly transactionTimeoutMs: number;
  /** For how long `commitOffsets` and `end` are sent again where the broker was not ready. */
  readonly commitTimeoutMs: number;
}
