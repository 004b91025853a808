import type { MetricsProvider } from '../../metrics/metrics.ts';
import type { Monitor, MonitorOptions } from '../../metrics/monitor.ts';
import type { ClientInit } from '../kafka/open-client.ts';
import type { Partitioner, partitioners } from '../kafka/partitioner.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Logger } from '../kernel/logger.ts';
import type { StoreMap } from '../message-processor.ts';
import type { MessageProcessors } from '../message-processors.ts';
import type { Middleware } from '../middleware/middleware.ts';
import type { CommitMetadata } from './commit-metadata.ts';
import type { JobStores, StoresFunction } from './job-stores.ts';
import { optionRows } from './option-table.ts';
import type { ScalarOptions } from './scalar-options.ts';
import type { StoresOption } from './stores-option.ts';

/**
 * Options of a TopicProcessor. All are checked when it is constructed, and everything that is wrong
 * with them is reported together in one ConfigError. Nothing is connected before it runs.
 */
export interface TopicProcessorOptions<Stores extends StoreMap = StoreMap> extends ScalarOptions {
  /**
   * Names the job. Its offsets are committed in the consumer group
   * `kasper-topic-processor-{topicProcessorName}` (OffsetCommit), and its claims on partitions in
   * the group of that name with `-claims` after it.
   *
   * 1 to 200 letters, digits, dots, dashes or underscores, without `-claims` at the end.
   */
  readonly topicProcessorName: string;
  /**
   * How Kafka is reached: a kafkajs `Kafka`, its plain options
   * (`{ brokers: ['host:9092'], ssl, sasl, … }`), or another {@link KafkaClient}.
   *
   * The run fails with ConnectionError when no broker can be reached within `retryTimeoutMs`, or
   * none accepts its TLS or SASL settings.
   */
  readonly client: ClientInit;
  /**
   * Topics to read, at least one, each listed once. Partition n of each goes to one processor, so
   * all must have the same number of partitions.
   *
   * The start fails with ConfigError when the topics do not exist or their numbers of partitions
   * differ (Metadata).
   */
  readonly inputTopics: readonly string[];
  /**
   * Partitions to read, of every input topic: whole numbers from 0, at least one, each listed once.
   * Several processes may run one job when their lists do not overlap.
   *
   * The start fails with ConfigError for a partition that does not exist, and with AssignmentError
   * for one that another process has claimed.
   */
  readonly inputPartitions: readonly number[];
  /**
   * What processes the batches, where it is not the second argument of the constructor: so a job of
   * {@link defineJob} can be spread here.
   *
   * @defaultValue the second argument of the constructor
   */
  readonly processor?: MessageProcessors<Stores>;
  /**
   * Text that is stored beside each committed offset, at most 4096 bytes as UTF-8
   * (offset.metadata.max.bytes): a string, or a function that returns it for a position. The
   * function is called for each position of each commit, including the periodic ones. Other clients
   * of the group can read it (OffsetFetch).
   *
   * The run fails with CommitError when the function throws or returns what cannot be stored.
   *
   * @defaultValue `''`
   */
  readonly commitMetadata?: CommitMetadata;
  /**
   * Names this instance of the job, such as a pod of a stateful set: 1 to 200 letters, digits,
   * dots, dashes or underscores. A process that starts with the same `instanceId` takes the
   * partitions over immediately, and one that still runs then fails with FencedError.
   *
   * Without it, the previous owner must have closed, or be silent for `claimTimeoutMs`.
   *
   * @defaultValue none
   */
  readonly instanceId?: string;
  /**
   * Chooses the partition of a record that is sent with a key: `'murmur2'` (as Java's client),
   * `'fnv1a'` (as Go's sarama and goka), or a function of key, number of partitions and topic. All
   * producers of a topic must use the same one, or a key is found in two partitions.
   *
   * `send` throws SendError when the function returns a partition that does not exist.
   *
   * @defaultValue `'murmur2'`
   */
  readonly partitioner?: keyof typeof partitioners | Partitioner;
  /**
   * Stores given to `process` as `context.stores`, by name: each a Store or a MultiStore, or
   * `{ store, flush: true }`, whose `flush()` is awaited before each commit. Or a function that makes
   * them of {@link jobStores}; it is called once, when the processor is made.
   *
   * The run fails with ProcessError when a flush fails; the offsets of that batch are not
   * committed.
   *
   * @defaultValue none
   */
  readonly stores?: StoresOption<Stores> | StoresFunction<Stores>;
  /**
   * Where a function `stores` gets its stores from.
   *
   * @defaultValue stores in the memory of this process, with a warning when it starts
   */
  readonly jobStores?: JobStores;
  /**
   * Functions that wrap `process`, the first outermost. What one throws is handled as if `process`
   * had thrown it: the run fails with ProcessError. One that returns no function, or throws when it is
   * put around the next, is a ConfigError when the processor is made.
   *
   * @defaultValue none
   */
  readonly middleware?: readonly Middleware<Stores>[];
  /**
   * Where log lines go, those of kafkajs included where `client` is its plain options. Your code
   * finds it as `context.logger`, with the partition as a field.
   *
   * @defaultValue `silentLogger`, which drops every line
   */
  readonly logger?: Logger;
  /**
   * Where metrics go, such as the PrometheusMetrics of `kasper-ts/metrics`.
   *
   * @defaultValue no metrics; with `monitor: { port }`, PrometheusMetrics
   */
  readonly metrics?: MetricsProvider;
  /**
   * Shows metrics, health and a page over HTTP, from before it connects until everything has been
   * released. `{ port: 9464 }` opens a server for this processor; a MonitorServer can show several.
   *
   * The run fails with ConfigError when the server cannot listen, such as on a port in use.
   *
   * @defaultValue none
   */
  readonly monitor?: Monitor | MonitorOptions;
  /**
   * Where the time and timers come from. A test passes a clock whose time it sets itself.
   *
   * @defaultValue {@link systemClock}, the clock of this machine
   */
  readonly clock?: Clock;
}

/** The name of every option. */
export const optionNames: readonly string[] = [
  'topicProcessorName',
  'client',
  'inputTopics',
  'inputPartitions',
  'processor',
  ...optionRows.map(({ name }) => name),
  'instanceId',
  'partitioner',
  'commitMetadata',
  'stores',
  'jobStores',
  'middleware',
  'logger',
  'metrics',
  'monitor',
  'clock',
] satisfies readonly (keyof TopicProcessorOptions)[];
