import type { KasperError } from '../kernel/errors.ts';
import type { ConsumerMessage, HeadersInit } from '../message.ts';
import type { KafkaAdmin } from './admin.ts';
import type { TopicPartition } from '../kernel/topic-partition.ts';

/** What a reader sees of transactions: only committed ones, or everything. */
export type Isolation = 'read_committed' | 'read_uncommitted';

/** How record batches are compressed when they are sent. */
export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';

/** A topic as the cluster describes it. */
export interface TopicDescription {
  readonly topic: string;
  /** Kafka's topic id, 32 hex digits; undefined where the broker does not tell. A topic made anew has another one. */
  readonly topicId: string | undefined;
  /** Partitions are numbered from 0 to this, exclusive. */
  readonly partitionCount: number;
}

/** A place in a log that the broker can be asked for. */
export type OffsetSpec = 'earliest' | 'latest' | { readonly timestamp: number };

/** An offset of one partition. */
export interface PartitionOffset extends TopicPartition {
  readonly offset: number;
}

/** Where reading starts; `leaderEpoch` is that of the last record before it, -1 if not known. */
export interface StartPosition extends PartitionOffset {
  readonly leaderEpoch: number;
}

/** A committed offset as the group has it; `offset` is undefined where nothing was committed. */
export interface CommittedOffset extends TopicPartition {
  readonly offset: number | undefined;
  readonly leaderEpoch: number;
  readonly metadata: string;
}

/** An offset to commit: the next one to read. */
export interface OffsetToCommit extends PartitionOffset {
  /** Leader epoch of the last record before it, -1 if not known. */
  readonly leaderEpoch: number;
  readonly metadata: string;
}

/** Where the log of a leader epoch ends; undefined where the leader knows no such epoch. */
export interface EpochEnd extends TopicPartition {
  readonly endOffset: number | undefined;
}

/** A consumer that has joined a group, as the coordinator knows it. */
export interface GroupMember {
  readonly memberId: string;
  readonly clientId: string;
  /** The address from which it came. */
  readonly host: string;
}

/** A consumer group as its coordinator describes it. */
export interface GroupDescription {
  /** Kafka's word, such as 'Empty' or 'Stable'; 'Dead' for a group that does not exist. */
  readonly state: string;
  /** Empty as long as no member ever joined; 'consumer' after a consumer did, also when it has left. */
  readonly protocolType: string;
  readonly members: readonly GroupMember[];
}

/** The broker's answer for one partition of a commit; no error means stored. */
export interface CommitResult extends PartitionOffset {
  readonly error: KasperError | undefined;
}

/** Committed offsets of one consumer group, read and written as a simple consumer (no member). */
export interface GroupOffsets {
  /**
   * Reads committed offsets (OffsetFetch); results in the order of `partitions`. Retriable failures are ridden out for `retryTimeoutMs`.
   * @throws BrokerError, ConnectionError or TimeoutError after that
   */
  fetch(partitions: readonly TopicPartition[]): Promise<CommittedOffset[]>;
  /** Reads all offsets that the group has committed (OffsetFetch for all topics), sorted by topic and partition. Failures as in {@link fetch}. */
  fetchAll(): Promise<(CommittedOffset & PartitionOffset)[]>;
  /**
   * One OffsetCommit request, tried once: the caller retries, so that it can send newer offsets. Resolves with one result
   * per entry, in order, each judged alone.
   * @throws ConnectionError, TimeoutError or BrokerError (all with `retriable`) where no answer was had at all
   */
  commit(offsets: readonly OffsetToCommit[]): Promise<CommitResult[]>;
}

/** Consecutive records of one partition, with what the broker said of its log. */
export interface Chunk extends TopicPartition {
  /** The epoch that {@link PartitionSource.start} or {@link PartitionSource.seek} gave; chunks of older ones are stale. */
  readonly epoch: number;
  /** May be empty: markers, aborted transactions and compacted gaps hold no records, yet nextOffset advances. */
  readonly messages: readonly ConsumerMessage[];
  /** The offset after all that this chunk covers. */
  readonly nextOffset: number;
  /** Leader epoch of the last record batch covered, -1 if not known. */
  readonly leaderEpoch: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
  /** Kafka's id of the topic, where the source knows it: another one than before means that the topic was made anew. */
  readonly topicId?: string | undefined;
  /** Memory that `messages` keep alive, decompressed. */
  readonly bytes: number;
  /** The sum of the messages' `bytes`, where the source knows it without asking each. */
  readonly recordBytes?: number | undefined;
}

/**
 * A bound on the bytes of records in memory. The source reserves before it asks the broker, and releases the reservation
 * once the chunks were delivered; whoever takes a chunk charges its bytes and gives them back when it is done with it.
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

/** A position at which reading cannot go on, confirmed at the leader. */
export interface OutOfRange extends TopicPartition {
  readonly offset: number;
  /** The ends of the log. */
  readonly earliest: number;
  readonly latest: number;
  /**
   * Why, if the position may well lie between the ends: other records stand there now, since the log was truncated by a leader election or the topic was made anew.
   * Undefined: it is not between the ends.
   */
  readonly reason?: 'truncated' | 'recreated' | undefined;
  readonly topicId?: string | undefined;
}

/** Who takes what a source delivers. All calls are synchronous; none may throw but onOutOfRange. */
export interface SourceHandler {
  /** Takes the next records of a partition. */
  onChunk(chunk: Chunk): void;
  /** Returns the offset to go on from, or throws the error that the source is to report by onError. */
  onOutOfRange(at: OutOfRange): number;
  /** The source cannot go on with these partitions; nothing more is delivered for them. */
  onError(error: KasperError, partitions: readonly TopicPartition[]): void;
}

/** How partitions are read, and who takes what is read. */
export interface SourceOptions {
  readonly isolation: Isolation;
  /** How long the broker may hold a fetch for which it has no records. */
  readonly fetchMaxWaitMs: number;
  /** For how long retriable failures of one partition are ridden out before onError. */
  readonly retryTimeoutMs: number;
  /** A record batch that inflates beyond this is a RecordError. */
  readonly maxInflatedBytes: number;
  readonly budget: FetchBudget;
  readonly handler: SourceHandler;
}

/**
 * Reads partitions and delivers them in chunks, each partition in offset order and without a gap. Where only the log's ends have moved, a chunk without
 * messages and without progress tells them.
 */
export interface PartitionSource {
  /** Starts to read these partitions, each with epoch 1. Called once. */
  start(positions: readonly StartPosition[]): void;
  /** Leaves a partition out of the next request; a chunk that is under way is still delivered. */
  pause(partition: TopicPartition): void;
  /** Reads it again, from the position after the last chunk. */
  resume(partition: TopicPartition): void;
  /** Goes on from another offset; returns the new epoch. Chunks of the old one are no longer delivered. */
  seek(partition: TopicPartition, offset: number): number;
  /** Stops at once: no chunk is delivered after the call. Resolves when all loops have ended; never waits for a long poll. */
  close(): Promise<void>;
}

/** A record as the accumulator takes it: bytes, and a partition that was chosen. */
export interface OutgoingRecord {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: HeadersInit | undefined;
  readonly timestamp: number;
}

/** Records encoded and waiting to be sent, in order per partition. Belongs to one sender; not shared. */
export interface RecordAccumulator {
  /** Records held. */
  readonly count: number;
  /** Encoded bytes held. */
  readonly bytes: number;
  /** Encodes a copy of the record and returns its size in bytes. */
  append(topic: string, partition: number, record: OutgoingRecord): number;
  /**
   * Sends everything (Produce, acks=all) and resolves when each record was acked. Retriable failures are ridden out.
   * Afterwards what was acked is gone; after a failure the rest is still held, in order. A flush that is called while another one is under way
   * waits for its end, and then sends what came meanwhile and what the other one could not.
   * @throws ProduceError
   */
  flush(): Promise<void>;
  /** Forgets all records that are held. */
  clear(): void;
}

/** How records are sent. */
export interface SinkOptions {
  readonly idempotent: boolean;
  readonly compression: Compression;
  /** For how long retriable failures are ridden out before ProduceError. */
  readonly retryTimeoutMs: number;
  /**
   * Told how many records go out again after an attempt that may have stored them, in a way that no broker recognises as a repeat: they may be stored
   * twice. Once for each record; must not throw.
   */
  readonly onRepeated?: (records: number) => void;
}

/** Sends records. One per processor; it owns the producer id and the sequence numbers. */
export interface RecordSink {
  /** The number of partitions of a topic if it is known already, else undefined: then call {@link loadTopic}. */
  partitionCount(topic: string): number | undefined;
  /**
   * Learns a topic's partitions (Metadata).
   * @throws ProduceError that names the topic, if it does not exist
   */
  loadTopic(topic: string): Promise<number>;
  /** The size in bytes of a record as it will be encoded. */
  encodedBytes(record: OutgoingRecord): number;
  /** An empty buffer for records of one sender. */
  accumulator(): RecordAccumulator;
  /** Waits for requests under way, then lets go of everything. */
  close(): Promise<void>;
}

/** A topic to create. */
export interface NewTopic {
  readonly topic: string;
  readonly partitionCount: number;
  /** Default: the broker's. */
  readonly replicationFactor?: number;
  /** Topic configuration, such as `{ 'cleanup.policy': 'compact' }`. */
  readonly config?: Readonly<Record<string, string>>;
}

/**
 * Told what happens between a client and the brokers: per request and per record batch, never per record. No method may throw.
 */
export interface KafkaObserver {
  /** A broker answered; `api` as Kafka names it, such as 'Fetch'. With a connection that had to be opened first, that counts as well. */
  onAnswer(api: string, ms: number): void;
  /** Records of one output partition were acked; `bytes` as encoded, before compression. */
  onAcked(topic: string, partition: number, records: number, bytes: number): void;
  /** Produce or Fetch failed for these partitions: refused, unanswered, or not possible. Told also where it is tried again. */
  onError(api: 'Produce' | 'Fetch', error: KasperError, partitions: readonly TopicPartition[]): void;
  /** A connection to a broker that was there before is opened again. */
  onReconnect(): void;
}

/**
 * All that the pipeline needs of Kafka. kafkajs's connections implement it; so does the fake of the test kit.
 *
 * Unless a method says otherwise it rides out retriable failures for `retryTimeoutMs` and then throws ConnectionError,
 * TimeoutError or BrokerError.
 */
export interface KafkaClient {
  /** Tells this observer what happens. Called once, before {@link connect}. A client without this method is not measured. */
  observe?(observer: KafkaObserver): void;
  /** Connects and checks the brokers' versions. Idempotent, also while it is under way. @throws ConfigError, ConnectionError */
  connect(): Promise<void>;
  /** Describes topics (Metadata); unknown ones are left out. Creates none. */
  describeTopics(topics: readonly string[]): Promise<ReadonlyMap<string, TopicDescription>>;
  /** Creates topics (CreateTopics); those that exist are left as they are. Returns the names that were created. */
  createTopics(topics: readonly NewTopic[]): Promise<string[]>;
  /**
   * Asks the leaders for offsets (ListOffsets); results in the order of `partitions`. 'latest' follows the isolation: the last stable offset for
   * read_committed, the high watermark for read_uncommitted. A timestamp past the end gives the end.
   */
  listOffsets(
    spec: OffsetSpec,
    partitions: readonly TopicPartition[],
    isolation: Isolation,
  ): Promise<PartitionOffset[]>;
  /**
   * Asks the leaders where the logs of leader epochs end (OffsetForLeaderEpoch); results in the order of `positions`, each of which has an epoch. An end
   * before the position, or none, means that the log was truncated. Undefined if the brokers do not serve this request.
   */
  leaderEpochEnds(positions: readonly StartPosition[]): Promise<readonly EpochEnd[] | undefined>;
  /** Describes a consumer group (DescribeGroups). */
  describeGroup(groupId: string): Promise<GroupDescription>;
  /** The committed offsets of a consumer group. Asks no broker. */
  group(groupId: string): GroupOffsets;
  /** What an operator asks of the cluster. Asks no broker. */
  admin(): KafkaAdmin;
  /** A reader for partitions; it does nothing before `start`. */
  source(options: SourceOptions): PartitionSource;
  /** A sender for records. Its producer id is asked for with the first flush. */
  sink(options: SinkOptions): RecordSink;
  /** Ends all connections. Idempotent. */
  close(): Promise<void>;
}
