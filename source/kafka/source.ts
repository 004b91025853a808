import type { KasperError } from '../kernel/errors.ts';
import type { TopicPartition } from '../kernel/topic-partition.ts';
import type { ConsumerMessage } from '../message.ts';
import type { Isolation, StartPosition } from './log-position.ts';

/**
 * Reads topic-partitions and delivers each in chunks to its own reader, in offset order and without
 * a gap. Where only the ends of a log have moved, a chunk without messages and without progress
 * shows them.
 */
export interface PartitionSource {
  /**
   * Reads this topic-partition from `position` on and hands it to `reader`, with epoch 1. All that
   * are added in one turn share the first request.
   *
   * @throws LifecycleError if it is read already, or the source is closed
   */
  add(position: StartPosition, reader: PartitionReader): void;
  /**
   * Stops reading it: nothing more is delivered to its reader after this call. It can be added
   * again, at another position and with another reader. Does nothing if it is not read here.
   */
  remove(partition: TopicPartition): void;
  /** Leaves a partition out of the next request; a chunk that is in flight is still delivered. */
  pause(partition: TopicPartition): void;
  /** Reads it again, from the position after the last chunk. */
  resume(partition: TopicPartition): void;
  /**
   * Continues at another offset; returns the new epoch. Chunks of the old one are no longer
   * delivered.
   *
   * @throws LifecycleError if the partition is not read here, or has failed
   */
  seek(partition: TopicPartition, offset: number): number;
  /**
   * Stops immediately: nothing is delivered after the call. Resolves when all loops have ended;
   * never waits for a long poll.
   */
  close(): Promise<void>;
}

/**
 * Takes what a source reads of one topic-partition, in offset order and without a gap. All calls
 * are synchronous; a reader may pause, seek, remove, add and close from inside them.
 */
export interface PartitionReader {
  /** Takes the next records. Must not throw. */
  take(chunk: Chunk): void;
  /**
   * Returns the offset to continue at, or throws the error that the source is to report by
   * {@link failed}.
   */
  outOfRange(at: OutOfRange): number;
  /**
   * The source cannot continue with this partition; nothing more is delivered for it. An error that
   * affects several partitions is reported to each of their readers, as the same object.
   */
  failed(error: KasperError): void;
}

/** Consecutive records of one partition, with what the broker said of its log. */
export interface Chunk extends TopicPartition {
  /** The epoch that {@link PartitionSource.seek} gave, or 1; chunks of older ones are stale. */
  readonly epoch: number;
  /**
   * May be empty: markers, aborted transactions and compacted gaps hold no records, yet nextOffset
   * advances.
   */
  readonly messages: MessageList;
  /** The offset after all that this chunk covers. */
  readonly nextOffset: number;
  /** Leader epoch of the last record batch covered, -1 if not known. */
  readonly leaderEpoch: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
  /**
   * Kafka's id of the topic, where the source knows it: another one than before means that the
   * topic was recreated.
   */
  readonly topicId?: string | undefined;
  /** Memory that `messages` keep alive, decompressed. */
  readonly bytes: number;
  /** The sum of the messages' `bytes`, where the source knows it without asking each. */
  readonly recordBytes?: number | undefined;
}

/** Messages in order, which may come into being only when they are asked for. An array is one. */
export interface MessageList {
  readonly length: number;
  /** The message of an index from 0 on; undefined past the last one. */
  at(index: number): ConsumerMessage | undefined;
  /**
   * Those from `start` to `end`, exclusive, both from 0 on, as an array of the caller's own. Default:
   * all.
   */
  slice(start?: number, end?: number): ConsumerMessage[];
}

/** A position at which reading cannot continue, confirmed at the leader. */
export interface OutOfRange extends TopicPartition {
  readonly offset: number;
  /** The ends of the log. */
  readonly earliest: number;
  readonly latest: number;
  /**
   * Why, if the position may well lie between the ends: other records are there now, since the log
   * was truncated by a leader election or the topic was recreated. Undefined: it is not between the
   * ends.
   */
  readonly reason?: 'truncated' | 'recreated' | undefined;
  readonly topicId?: string | undefined;
}

/** How partitions are read. */
export interface SourceOptions {
  readonly isolation: Isolation;
  /** How long the broker may hold a fetch for which it has no records. */
  readonly fetchMaxWaitMs: number;
  /** For how long retriable failures of one partition are retried before it has failed. */
  readonly retryTimeoutMs: number;
  /** A record batch that inflates beyond this is a RecordError. */
  readonly maxInflatedBytes: number;
  readonly budget: FetchBudget;
}

/**
 * A bound on the bytes of records in memory. The source reserves before it asks the broker, and
 * releases the reservation once the chunks were delivered. A reader that takes a chunk charges its
 * bytes, and gives them back when it is done with it.
 */
export interface FetchBudget {
  /** Bytes left; below zero after an overshoot. */
  readonly available: number;
  /** Reserves up to `bytes`; returns what was granted, 0 if there is no room. */
  reserve(bytes: number): number;
  /** Gives a reservation back. */
  release(bytes: number): void;
  /** Calls back once, as soon as there is room again. */
  onceFree(callback: () => void): void;
}
