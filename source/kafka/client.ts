import type { KasperError } from '../kernel/errors.ts';
import type { TopicPartition } from '../kernel/topic-partition.ts';
import type { KafkaAdmin } from './admin.ts';
import type { GroupDescription, GroupOffsets } from './group-offsets.ts';
import type { EpochEnd, Isolation, OffsetSpec, PartitionOffset, StartPosition } from './log-position.ts';
import type { RecordSink, SinkOptions } from './sink.ts';
import type { PartitionSource, SourceOptions } from './source.ts';
import type { TransactionalProducer, TransactionalProducerOptions } from './transactions.ts';
import type { TroubleReports } from './trouble.ts';

/**
 * All that the pipeline needs of Kafka. kafkajs's connections implement it; so does the fake of the
 * test kit.
 *
 * Unless a method says otherwise it retries retriable failures for `retryTimeoutMs` and then throws
 * ConnectionError, TimeoutError or BrokerError.
 */
export interface KafkaClient {
  /**
   * Reports to this observer what happens. Called once, before {@link connect}. A client without
   * this method is not measured.
   */
  observe?(observer: KafkaObserver): void;
  /**
   * Connects and checks the brokers' versions. Idempotent, also while it is under way.
   *
   * @throws ConfigError, ConnectionError
   */
  connect(): Promise<void>;
  /** Describes topics (Metadata); unknown ones are left out. Creates none. */
  describeTopics(topics: readonly string[]): Promise<ReadonlyMap<string, TopicDescription>>;
  /**
   * Creates topics (CreateTopics); those that exist are left as they are. Returns the names that
   * were created.
   */
  createTopics(topics: readonly NewTopic[]): Promise<string[]>;
  /**
   * Asks the leaders for offsets (ListOffsets); results in the order of `partitions`. 'latest'
   * follows the isolation: the last stable offset for read_committed, the high watermark for
   * read_uncommitted. A timestamp past the end gives the end.
   */
  listOffsets(
    spec: OffsetSpec,
    partitions: readonly TopicPartition[],
    isolation: Isolation,
  ): Promise<PartitionOffset[]>;
  /**
   * Asks the leaders where the logs of leader epochs end (OffsetForLeaderEpoch); results in the
   * order of `positions`, each of which has an epoch. An end before the position, or none, means
   * that the log was truncated. Undefined if the brokers do not serve this request.
   */
  leaderEpochEnds(positions: readonly StartPosition[]): Promise<readonly EpochEnd[] | undefined>;
  /** Describes a consumer group (DescribeGroups). */
  describeGroup(groupId: string): Promise<GroupDescription>;
  /** The committed offsets of a consumer group. Asks no broker. */
  group(groupId: string): GroupOffsets;
  /** What an operator asks of the cluster. Asks no broker. */
  admin(): KafkaAdmin;
  /** A source that reads partitions as they are added. */
  source(options: SourceOptions): PartitionSource;
  /** A sender for records. Its producer id is asked for with the first flush. */
  sink(options: SinkOptions): RecordSink;
  /**
   * The producer of a transactional id. Asks no broker before its `init`. A client without this
   * method cannot deliver exactly once.
   */
  transactionalProducer?(options: TransactionalProducerOptions): TransactionalProducer;
  /** Ends all connections. Idempotent. */
  close(): Promise<void>;
}

/** A topic as the cluster describes it. */
export interface TopicDescription {
  readonly topic: string;
  /**
   * Kafka's topic id, 32 hex digits; undefined where the broker does not report it. A recreated
   * topic has another one.
   */
  readonly topicId: string | undefined;
  /** Partitions are numbered from 0 to this, exclusive. */
  readonly partitionCount: number;
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
 * Hears what happens between a client and the brokers: per request and per record batch, never per
 * record. No method may throw.
 */
export interface KafkaObserver extends TroubleReports {
  /**
   * A broker answered; `api` as Kafka names it, such as 'Fetch'. The time includes that for a
   * connection that had to be opened first.
   */
  onAnswer(api: string, ms: number): void;
  /** Records of one output partition were acked; `bytes` as encoded, before compression. */
  onAcked(topic: string, partition: number, records: number, bytes: number): void;
  /**
   * Produce or Fetch failed for these partitions: refused, unanswered, or not possible. Reported
   * also where it is retried.
   */
  onError(api: 'Produce' | 'Fetch', error: KasperError, partitions: readonly TopicPartition[]): void;
  /**
   * A broker could not be reached, or did not answer; `began` is when that was first tried, on the
   * monotonic clock.
   */
  onUnanswered(began: number, error: KasperError): void;
  /** A connection to a broker that was there before is opened again. */
  onReconnect(): void;
}
