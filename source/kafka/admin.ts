import type { KasperError } from '../kernel/errors.ts';
import type { TopicPartition } from '../kernel/topic-partition.ts';
import type { PartitionOffset } from './log-position.ts';

/** One partition as the cluster describes it. */
export interface PartitionDetails {
  readonly partition: number;
  /** Node id; undefined while the partition has no leader. */
  readonly leader: number | undefined;
  /** Node ids of all brokers that keep a copy, the preferred leader first. */
  readonly replicas: readonly number[];
  /** Those of them that have all that is committed. */
  readonly inSyncReplicas: readonly number[];
}

/** A topic with all that the cluster reports of its partitions. */
export interface TopicDetails {
  readonly topic: string;
  /** Kafka's topic id, 32 hex digits; undefined where the broker does not report it. */
  readonly topicId: string | undefined;
  /** Whether it is one of Kafka's own, such as `__consumer_offsets`. */
  readonly internal: boolean;
  /** In rising order. */
  readonly partitions: readonly PartitionDetails[];
}

/** One setting of a topic, such as `retention.ms`. */
export interface TopicSetting {
  readonly name: string;
  /** undefined where the broker keeps it to itself. */
  readonly value: string | undefined;
  /**
   * Where the value comes from: set on the topic, set on the brokers for all topics, or Kafka's own
   * default.
   */
  readonly source: 'topic' | 'broker' | 'default';
}

/** The broker's answer for one topic; with an error there are no settings. */
export interface TopicSettings {
  readonly topic: string;
  readonly settings: readonly TopicSetting[];
  readonly error: KasperError | undefined;
}

/** A transaction that is neither committed nor aborted, in one partition. */
export interface OpenTransaction extends TopicPartition {
  /** By this the brokers distinguish producers. */
  readonly producerId: number;
  /** Readers of committed records see nothing from here on. */
  readonly firstOffset: number;
  /** When its producer last wrote here, in ms since 1970; undefined where that is not known. */
  readonly lastWriteAt: number | undefined;
}

/**
 * What an operator asks of a cluster, and a pipeline hardly ever. Failures are as in
 * {@link KafkaClient}.
 */
export interface KafkaAdmin {
  /**
   * Describes topics in full (Metadata), sorted by name; unknown ones are left out. Creates none.
   *
   * @param topics default: all that this user may describe, internal ones included
   */
  topicDetails(topics?: readonly string[]): Promise<TopicDetails[]>;
  /**
   * Reads settings of topics (DescribeConfigs); results in the order of `topics`, each judged
   * alone.
   */
  topicSettings(topics: readonly string[], names: readonly string[]): Promise<TopicSettings[]>;
  /**
   * The ids of all groups that this user may describe, sorted, whether or not they have members
   * (ListGroups, asked of each broker).
   */
  listGroups(): Promise<string[]>;
  /**
   * Asks the leaders whose transactions are open in these partitions (DescribeProducers), the
   * oldest of each first. Undefined if the brokers do not serve this request. Needs access to read
   * the topics.
   */
  openTransactions(partitions: readonly TopicPartition[]): Promise<OpenTransaction[] | undefined>;
  /**
   * Deletes the records before an offset (DeleteRecords, asked of the leaders), for good; -1: all
   * that are there. Results in the order of `before`: the first offset that is left.
   */
  deleteRecords(before: readonly PartitionOffset[]): Promise<PartitionOffset[]>;
}
