import type { MetricsProvider } from '../../metrics/metrics.ts';
import type { Monitor, MonitorOptions } from '../../metrics/monitor.ts';
import { checkMonitor, defaultMetrics } from './monitor-option.ts';
import { checkStores, measuredStores, type StoresOption } from './stores-option.ts';
import { optionRows, type OptionRow } from './option-table.ts';
import { metadataProblem, type CommitMetadata } from './commit-metadata.ts';
import type { Isolation } from '../kafka/log-position.ts';
import type { Compression } from '../kafka/sink.ts';
import { partitioners, type Partitioner } from '../kafka/partitioner.ts';
import type { ClientInit } from '../kafka/open-client.ts';
import { systemClock, type Clock } from '../kernel/clock.ts';
import { ConfigError } from '../kernel/errors.ts';
import { hasMethods, isObject } from '../kernel/is-object.ts';
import { silentLogger, type Logger } from '../kernel/logger.ts';
import { unknownName } from '../kernel/unknown-name.ts';
import type { Middleware } from '../middleware/middleware.ts';
import type { StoreMap } from '../message-processor.ts';
import { show } from '../kernel/shown-value.ts';

/**
 * Options of a TopicProcessor. The README's table shows each with unit, default, minimum and reason.
 */
export interface TopicProcessorOptions<Stores extends StoreMap = StoreMap> {
  /** Names the job: its consumer group is `kasper-topic-processor-{name}`. Letters, digits, dot, dash, underscore. */
  readonly topicProcessorName: string;
  /** A kafkajs `Kafka`, its plain options (`{ brokers: ['host:9092'], ssl, sasl, … }`), or another KafkaClient. */
  readonly client: ClientInit;
  /** Topics to read. All must have the same number of partitions: partition n of each goes to one processor. */
  readonly inputTopics: readonly string[];
  /** Partitions to read, of every input topic. Several processes share the name with lists that do not overlap. */
  readonly inputPartitions: readonly number[];
  readonly batchSize?: number;
  readonly batchWaitMs?: number;
  readonly batchBytes?: number;
  readonly maxBufferBytes?: number;
  readonly concurrency?: number;
  readonly initialOffset?: 'earliest' | 'latest';
  readonly onOffsetOutOfRange?: 'fail' | 'earliest' | 'latest';
  readonly isolation?: Isolation;
  readonly commit?: 'pipelined' | 'each';
  readonly maxUncommittedRecords?: number;
  /**
   * Stored beside each committed offset, at most 4096 bytes: a string, or a function that is called for each position of each commit, the periodic ones
   * included. What it throws ends the run with CommitError. Other clients of the group read it (OffsetFetch). Default: empty.
   */
  readonly commitMetadata?: CommitMetadata;
  readonly commitTimeoutMs?: number;
  readonly offsetRefreshMs?: number;
  readonly claims?: boolean;
  readonly claimTimeoutMs?: number;
  /**
   * Names this instance of the job, such as a pod of a stateful set: a process that starts with the same instanceId takes the partitions over at once, and
   * one that still runs then fails with FencedError. Default: none, so that the owner must have ended, or be silent for `claimTimeoutMs`.
   */
  readonly instanceId?: string;
  readonly processTimeoutMs?: number;
  readonly closeTimeoutMs?: number;
  readonly fetchMaxWaitMs?: number;
  readonly retryTimeoutMs?: number;
  readonly maxRecordBytes?: number;
  readonly maxSendBufferBytes?: number;
  readonly idempotent?: boolean;
  readonly compression?: Compression;
  /** Chooses the partition of a record with a key: 'murmur2' (default, as Java's), 'fnv1a' (as Go's sarama and goka), or a function. */
  readonly partitioner?: keyof typeof partitioners | Partitioner;
  /** Stores given to `process` as `context.stores`. */
  readonly stores?: StoresOption<Stores>;
  /** Wraps `process`, the first outermost. */
  readonly middleware?: readonly Middleware<Stores>[];
  /** Default: silent. */
  readonly logger?: Logger;
  /** Default: no metrics; with `monitor: { port }`, PrometheusMetrics. */
  readonly metrics?: MetricsProvider;
  /**
   * Shows metrics, health and a page over HTTP, from before it connects until everything has ended: `{ port: 9464 }` opens a server of its own, a MonitorServer can
   * show several processors. `runLoop` rejects with ConfigError if it cannot listen. Default: none.
   */
  readonly monitor?: Monitor | MonitorOptions;
  readonly metricsUpdateMs?: number;
  readonly stallTimeoutMs?: number;
  readonly stallLagRecords?: number;
  /** Default: the machine's clock. For tests. */
  readonly clock?: Clock;
}

type Defaulted = Exclude<
  keyof TopicProcessorOptions,
  'client' | 'stores' | 'partitioner' | 'middleware' | 'instanceId' | 'monitor'
>;

/** Options with defaults filled in: checked, frozen, none undefined. */
export type Config = Readonly<Required<Pick<TopicProcessorOptions, Defaulted>>> & {
  /** The consumer group of the offsets. */
  readonly groupId: string;
  /** The consumer group whose offsets are the claims on partitions. */
  readonly claimsGroupId: string;
  readonly instanceId: string | undefined;
  readonly monitor: Monitor | MonitorOptions | undefined;
  readonly client: ClientInit;
  readonly partitioner: Partitioner;
  readonly stores: StoreMap;
  /** Names of the stores that are flushed before each commit. */
  readonly flushedStores: readonly string[];
  readonly middleware: readonly Middleware[];
};

/** Every option name that is known. */
export const optionNames: readonly string[] = [
  'topicProcessorName',
  'client',
  'inputTopics',
  'inputPartitions',
  ...optionRows.map((row) => row.name),
  'instanceId',
  'partitioner',
  'commitMetadata',
  'stores',
  'middleware',
  'logger',
  'metrics',
  'monitor',
  'clock',
];

/** The consumer group under which a job commits its offsets. */
export function groupIdOf(topicProcessorName: string): string {
  return `kasper-topic-processor-${topicProcessorName}`;
}

/** Ends the name of the group that holds the claims of a group. */
export const CLAIMS_SUFFIX = '-claims';

/**
 * Checks all options at once and fills in the defaults. The caller's object is left as it is.
 *
 * @throws ConfigError that lists every problem
 */
export function makeConfig<Stores extends StoreMap>(options: TopicProcessorOptions<Stores>): Config {
  const problems: string[] = [];
  if (!isObject(options)) throw new ConfigError([`options must be an object, not ${show(options)}`]);
  const given: Record<string, unknown> = { ...options };
  for (const name of Object.keys(given)) {
    if (!optionNames.includes(name)) problems.push(unknownOption(name));
  }

  const topicProcessorName = checkName(given['topicProcessorName'], problems);
  const scalars: Record<string, unknown> = {};
  for (const row of optionRows) scalars[row.name] = checkRow(row, given[row.name], problems);
  const stores = checkStores(given['stores'], problems);
  const monitor = checkMonitor(given['monitor'], problems);

  const config = {
    ...(scalars as unknown as Config),
    topicProcessorName,
    groupId: groupIdOf(topicProcessorName),
    claimsGroupId: groupIdOf(topicProcessorName) + CLAIMS_SUFFIX,
    instanceId: checkInstanceId(given['instanceId'], problems),
    client: options.client,
    inputTopics: checkTopics(given['inputTopics'], problems),
    inputPartitions: checkPartitions(given['inputPartitions'], problems),
    partitioner: checkPartitioner(given['partitioner'], problems),
    commitMetadata: checkCommitMetadata(given['commitMetadata'], problems),
    middleware: checkMiddleware(given['middleware'], problems),
    logger: checkPort(
      given['logger'],
      'logger',
      ['debug', 'info', 'warn', 'error', 'child'],
      silentLogger,
      problems,
    ),
    metrics: checkPort(
      given['metrics'],
      'metrics',
      ['newCounter', 'newGauge', 'newSummary', 'newHistogram'],
      defaultMetrics(monitor),
      problems,
    ),
    monitor,
    clock: checkPort(given['clock'], 'clock', ['now', 'wallNow', 'after'], systemClock, problems),
    ...stores,
  };
  if (!isObject(options.client)) {
    problems.push(
      `client must be a kafkajs Kafka or its options, such as { brokers: ['localhost:9092'] }, not ${show(options.client)}`,
    );
  }
  if (given['batchBytes'] === undefined)
    config.batchBytes = Math.max(1, Math.floor(config.maxBufferBytes / 4));
  checkLimits(config, given, problems);
  if (problems.length > 0) throw new ConfigError(problems, { what: 'TopicProcessor options' });
  return Object.freeze({ ...config, stores: measuredStores(config) });
}

/** Limits across options. Where one of the two is bad itself, only that is said. */
function checkLimits(config: Config, given: Readonly<Record<string, unknown>>, problems: string[]): void {
  const isGood = (...names: readonly (keyof Config)[]) =>
    names.every((name) => given[name] === undefined || given[name] === config[name]);
  if (isGood('batchBytes', 'maxBufferBytes') && config.batchBytes > config.maxBufferBytes) {
    problems.push(
      `batchBytes (${config.batchBytes}) must not exceed maxBufferBytes (${config.maxBufferBytes}): such a batch could never gather`,
    );
  }
  if (isGood('maxRecordBytes', 'maxSendBufferBytes') && config.maxRecordBytes > config.maxSendBufferBytes) {
    problems.push(
      `maxRecordBytes (${config.maxRecordBytes}) must not exceed maxSendBufferBytes (${config.maxSendBufferBytes}): such a record could never be sent`,
    );
  }
}

/** The value, or the default where it is not given or not good. */
function checkRow(row: OptionRow, value: unknown, problems: string[]): unknown {
  if (value === undefined) return row.default;
  const problem = problemOf(row, value);
  if (problem === undefined) return value;
  problems.push(problem);
  return row.default;
}

function problemOf(row: OptionRow, value: unknown): string | undefined {
  const unit = row.unit === undefined ? '' : ` ${row.unit}`;
  switch (row.kind) {
    case 'boolean':
      return typeof value === 'boolean' ? undefined : `${row.name} must be true or false, not ${show(value)}`;
    case 'choice': {
      if (typeof value === 'string' && (row.choices ?? []).includes(value)) return undefined;
      const choices = (row.choices ?? []).map((choice) => `'${choice}'`).join(' or ');
      return `${row.name} must be ${choices}, not ${show(value)}`;
    }
    case 'integer': {
      const minimum = row.minimum ?? 0;
      const maximum = row.maximum ?? Number.MAX_SAFE_INTEGER;
      if (typeof value !== 'number' || !Number.isSafeInteger(value))
        return `${row.name} must be a whole number of${unit === '' ? '' : `${unit},`} at least ${minimum}, not ${show(value)}`;
      if (value >= minimum && value <= maximum) return undefined;
      const bound = value < minimum ? `at least ${minimum}` : `at most ${maximum}`;
      return `${row.name} must be ${bound}${unit}, not ${value}`;
    }
  }
}

function checkName(value: unknown, problems: string[]): string {
  if (typeof value !== 'string' || !/^[A-Za-z0-9._-]{1,200}$/.test(value)) {
    problems.push(
      `topicProcessorName must be 1 to 200 letters, digits, dots, dashes or underscores, not ${show(value)}`,
    );
    return '';
  }
  if (value.endsWith(CLAIMS_SUFFIX)) {
    problems.push(
      `topicProcessorName must not end with '${CLAIMS_SUFFIX}', as ${show(value)} does: its offsets would be taken for the claims of another job`,
    );
  }
  return value;
}

function checkInstanceId(value: unknown, problems: string[]): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string' && /^[A-Za-z0-9._-]{1,200}$/.test(value)) return value;
  problems.push(
    `instanceId must be 1 to 200 letters, digits, dots, dashes or underscores, not ${show(value)}`,
  );
  return undefined;
}

function checkTopics(value: unknown, problems: string[]): readonly string[] {
  if (!Array.isArray(value) || value.length === 0) {
    problems.push(`inputTopics must be a list of at least one topic name, not ${show(value)}`);
    return [];
  }
  const topics: readonly unknown[] = value;
  const seen = new Set<unknown>();
  for (const topic of topics) {
    if (
      typeof topic !== 'string' ||
      !/^[A-Za-z0-9._-]{1,249}$/.test(topic) ||
      topic === '.' ||
      topic === '..'
    ) {
      problems.push(
        `inputTopics: ${show(topic)} is not a topic name (1 to 249 letters, digits, dots, dashes or underscores)`,
      );
    } else if (seen.has(topic)) problems.push(`inputTopics: '${topic}' is listed twice`);
    seen.add(topic);
  }
  return Object.freeze(topics.filter((topic) => typeof topic === 'string'));
}

function checkPartitions(value: unknown, problems: string[]): readonly number[] {
  if (!Array.isArray(value) || value.length === 0) {
    problems.push(`inputPartitions must be a list of at least one partition number, not ${show(value)}`);
    return [];
  }
  const partitions: readonly unknown[] = value;
  const seen = new Set<unknown>();
  for (const partition of partitions) {
    if (
      typeof partition !== 'number' ||
      !Number.isInteger(partition) ||
      partition < 0 ||
      partition > 0x7fff_ffff
    ) {
      problems.push(`inputPartitions: ${show(partition)} is not a partition number (0, 1, 2, …)`);
    } else if (seen.has(partition)) problems.push(`inputPartitions: ${partition} is listed twice`);
    seen.add(partition);
  }
  return Object.freeze(partitions.filter((partition) => typeof partition === 'number'));
}

function checkPartitioner(value: unknown, problems: string[]): Partitioner {
  if (value === undefined) return partitioners.murmur2;
  if (typeof value === 'function') return value as Partitioner;
  if (value === 'murmur2' || value === 'fnv1a') return partitioners[value];
  problems.push(
    `partitioner must be 'murmur2', 'fnv1a' or a function (key, partitionCount, topic) => number, not ${show(value)}`,
  );
  return partitioners.murmur2;
}

function checkCommitMetadata(value: unknown, problems: string[]): CommitMetadata {
  if (value === undefined) return '';
  if (typeof value === 'function') return value as CommitMetadata;
  const problem = typeof value === 'string' ? metadataProblem(value) : 'must be a string or a function';
  if (problem === undefined) return value as string;
  problems.push(`commitMetadata ${problem}, got ${show(value)}`);
  return '';
}

function checkMiddleware(value: unknown, problems: string[]): readonly Middleware[] {
  if (value === undefined) return Object.freeze([]);
  if (!Array.isArray(value)) {
    problems.push(`middleware must be a list of functions, not ${show(value)}`);
    return [];
  }
  value.forEach((item: unknown, at) => {
    if (typeof item !== 'function') problems.push(`middleware[${at}] must be a function, not ${show(item)}`);
  });
  return Object.freeze([...(value as Middleware[])]);
}

function checkPort<T extends object>(
  value: unknown,
  name: string,
  methods: readonly string[],
  fallback: T,
  problems: string[],
): T {
  if (value === undefined) return fallback;
  if (!isObject(value) || !hasMethods(value, methods)) {
    problems.push(`${name} must have the methods ${methods.join(', ')}; got ${show(value)}`);
    return fallback;
  }
  return value as unknown as T;
}

/** "unknown option 'batchSise'; did you mean 'batchSize'?" */
export function unknownOption(name: string, known: readonly string[] = optionNames): string {
  return unknownName('option', name, known);
}
