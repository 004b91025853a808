import { systemClock } from '../kernel/clock.ts';
import type { Clock } from '../kernel/clock.ts';
import { silentLogger } from '../kernel/logger.ts';
import type { Logger } from '../kernel/logger.ts';
import { checkOptionNames } from '../kernel/check-option-names.ts';
import { hasMethods, isObject } from '../kernel/is-object.ts';
import { show } from '../kernel/shown-value.ts';
import { groupRuleProblems, groupRules } from './groups/group-rules.ts';
import type { GroupRules } from './groups/group-rules.ts';
import { clusterError } from './cluster-error.ts';

/** A topic to create. */
export interface EmbeddedTopicOptions {
  /** How many partitions, from 1. */
  readonly partitions: number;
  /** Copies of each partition. Default: 3, or the number of nodes where there are fewer. */
  readonly replicationFactor?: number;
  /**
   * Kafka's topic settings, as texts. `max.message.bytes`, `min.insync.replicas`,
   * `compression.type`, `message.timestamp.type`, `message.timestamp.before.max.ms`,
   * `message.timestamp.after.max.ms` and `cleanup.policy=compact` (every record needs a key) have an
   * effect; so have those of retention and compaction, which are done on request. The others are
   * checked, kept and shown.
   */
  readonly config?: Readonly<Record<string, string>>;
}

/** Options of {@link EmbeddedCluster.start}. */
export interface EmbeddedClusterOptions {
  /** Number of nodes, 1 to 100. Their ids count from 1. Default 1. */
  readonly brokers?: number;
  /**
   * Port of the first node; the others take the ports after it. Default 0: each takes a free one.
   */
  readonly port?: number;
  /**
   * Address to listen on. Default '127.0.0.1', which no other machine reaches; '0.0.0.0' is every
   * address of this one.
   */
  readonly host?: string;
  /**
   * Name or address that clients are given to connect to (`advertised.listeners`). Default: `host`;
   * where that is every address, '127.0.0.1'.
   */
  readonly advertisedHost?: string;
  /**
   * Topics that a client asks for are created where there are none, if the client allows that in its
   * Metadata request (`auto.create.topics.enable`). Default false.
   */
  readonly autoCreateTopics?: boolean;
  /**
   * How many partitions a topic gets for which nobody says, by `autoCreateTopics` or CreateTopics
   * (`num.partitions`). Default 1.
   */
  readonly defaultPartitions?: number;
  /** Topics that exist from the start: a number of partitions, or options. */
  readonly topics?: Readonly<Record<string, number | EmbeddedTopicOptions>>;
  /** Default: nothing is logged. */
  readonly logger?: Logger;
  /**
   * Committed offsets expire after this many milliseconds, by Kafka's rules
   * (`offsets.retention.minutes`). Default: never.
   */
  readonly offsetsRetentionMs?: number;
  /**
   * How many bytes the offsets of one OffsetCommit may take as they are stored (`max.message.bytes`
   * of the offsets topic). A larger request is refused as a whole with code -1, as Kafka 4 does.
   * Default: 1,048,588.
   */
  readonly maxCommitBytes?: number;
  /** What a broker's settings decide for groups. Default: a broker's limits, without its waits. */
  readonly groups?: Partial<GroupRules>;
  /**
   * How many requests the journal keeps, the last ones; 0 for no journal. Default 0.
   */
  readonly journalEntries?: number;
  /** Default: the clock of this machine. Record timestamps are the producers'. */
  readonly clock?: Clock;
}

/** The options with all defaults. */
export interface ResolvedOptions {
  readonly brokers: number;
  readonly port: number;
  readonly host: string;
  readonly advertisedHost: string;
  readonly autoCreateTopics: boolean;
  readonly defaultPartitions: number;
  readonly topics: readonly (readonly [name: string, options: EmbeddedTopicOptions])[];
  readonly logger: Logger;
  readonly offsetsRetentionMs: number | undefined;
  readonly maxCommitBytes: number;
  readonly groups: GroupRules;
  readonly journalEntries: number;
  readonly clock: Clock;
}

const known = [
  'brokers',
  'port',
  'host',
  'advertisedHost',
  'autoCreateTopics',
  'defaultPartitions',
  'topics',
  'logger',
  'offsetsRetentionMs',
  'maxCommitBytes',
  'groups',
  'journalEntries',
  'clock',
];
const MAX_BROKERS = 100;
const MAX_PORT = 65_535;
const MAX_PARTITIONS = 10_000;
const MAX_JOURNAL = 1_000_000;
const EVERY_ADDRESS: readonly string[] = ['0.0.0.0', '::'];

/**
 * Checks the options and adds the defaults.
 *
 * @throws ConfigError that names all problems
 */
export function resolveOptions(options: EmbeddedClusterOptions): ResolvedOptions {
  checkOptionNames('Embedded Kafka cluster', options, known);
  const { brokers = 1, port = 0, host = '127.0.0.1', topics = {}, offsetsRetentionMs } = options;
  const { maxCommitBytes = 1_048_588, autoCreateTopics = false, defaultPartitions = 1 } = options;
  const { advertisedHost = EVERY_ADDRESS.includes(host) ? '127.0.0.1' : host } = options;
  const { groups = {} } = options;
  const { journalEntries = 0 } = options;
  const problems: string[] = [];
  if (!Number.isInteger(brokers) || brokers < 1 || brokers > MAX_BROKERS) {
    problems.push(`brokers must be a whole number from 1 to ${MAX_BROKERS}, got ${show(brokers)}`);
  }
  if (!Number.isInteger(port) || port < 0 || (port > 0 && port + brokers - 1 > MAX_PORT)) {
    problems.push(`port must be 0 or leave room for ${brokers} ports up to ${MAX_PORT}, got ${show(port)}`);
  }
  if (typeof (host as unknown) !== 'string' || host === '')
    problems.push(`host must be an address or a name, got ${show(host)}`);
  if (typeof (advertisedHost as unknown) !== 'string' || advertisedHost === '')
    problems.push(`advertisedHost must be an address or a name, got ${show(advertisedHost)}`);
  else if (EVERY_ADDRESS.includes(advertisedHost))
    problems.push(`advertisedHost must be one that clients can connect to, which '${advertisedHost}' is not`);
  if (typeof (autoCreateTopics as unknown) !== 'boolean')
    problems.push(`autoCreateTopics must be true or false, got ${show(autoCreateTopics)}`);
  if (!Number.isInteger(defaultPartitions) || defaultPartitions < 1 || defaultPartitions > MAX_PARTITIONS) {
    problems.push(
      `defaultPartitions must be a whole number from 1 to ${MAX_PARTITIONS}, got ${show(defaultPartitions)}`,
    );
  }
  if (!isObject(topics) || Array.isArray(topics))
    problems.push(`topics must be an object such as { orders: 4 }, not ${show(topics)}`);
  for (const [name, topic] of Object.entries(topics as object)) {
    if (typeof topic !== 'number' && !isObject(topic))
      problems.push(`topic '${name}' must be a number of partitions, or { partitions }, not ${show(topic)}`);
  }
  for (const [port, value, methods] of [
    ['logger', options.logger, ['info', 'warn', 'error', 'child']],
    ['clock', options.clock, ['now', 'wallNow', 'after']],
  ] as const) {
    if (value !== undefined && !(isObject(value) && hasMethods(value, methods)))
      problems.push(`${port} must have the methods ${methods.join(', ')}, got ${show(value)}`);
  }
  if (offsetsRetentionMs !== undefined && !(offsetsRetentionMs > 0)) {
    problems.push(`offsetsRetentionMs must be above 0, got ${show(offsetsRetentionMs)}`);
  }
  if (!(maxCommitBytes > 0)) problems.push(`maxCommitBytes must be above 0, got ${show(maxCommitBytes)}`);
  if (!isObject(groups) || Array.isArray(groups))
    problems.push(`groups must be an object such as { maxSize: 4 }, not ${show(groups)}`);
  else problems.push(...groupRuleProblems(groups));
  if (!Number.isInteger(journalEntries) || journalEntries < 0 || journalEntries > MAX_JOURNAL)
    problems.push(
      `journalEntries must be a whole number from 0 to ${MAX_JOURNAL}, got ${show(journalEntries)}`,
    );
  if (problems.length > 0) throw clusterError(problems);
  return {
    brokers,
    port,
    host,
    advertisedHost,
    autoCreateTopics,
    defaultPartitions,
    topics: Object.entries(topics).map(([name, topic]) => [
      name,
      typeof topic === 'number' ? { partitions: topic } : topic,
    ]),
    logger: options.logger ?? silentLogger,
    offsetsRetentionMs,
    maxCommitBytes,
    groups: groupRules(groups),
    journalEntries,
    clock: options.clock ?? systemClock,
  };
}
