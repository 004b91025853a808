import { atLeast, between } from './setting.ts';
import type { Setting, SettingType, ValidValues } from './setting.ts';
import { topicSettings } from './topic-settings.ts';

/** Where a setting of brokers may be changed while they run. */
export type Scope =
  | 'read-only'
  /** For each broker alone. */
  | 'broker'
  /** For each broker, and for all of them together. */
  | 'cluster';

/** A setting of brokers. */
export interface BrokerSetting extends Setting {
  readonly scope: Scope;
}

/** Defaults of topics that brokers have in another unit than topics, or without a default. */
const unlikeTopics: ReadonlyMap<string, Partial<BrokerSetting>> = new Map([
  ['log.roll.ms', { byDefault: null }],
  ['log.roll.hours', { type: 'INT', byDefault: '168', scope: 'read-only' }],
  ['log.roll.jitter.ms', { byDefault: null }],
  ['log.roll.jitter.hours', { type: 'INT', byDefault: '0', scope: 'read-only' }],
  ['log.flush.interval.ms', { byDefault: null }],
  ['log.flush.scheduler.interval.ms', { scope: 'read-only' }],
  ['log.retention.ms', { byDefault: null }],
  ['log.retention.minutes', { type: 'INT', byDefault: null, scope: 'read-only' }],
  ['log.retention.hours', { type: 'INT', byDefault: '168', scope: 'read-only' }],
]);

/** What topics take from brokers. */
const ofTopics: readonly BrokerSetting[] = topicSettings.flatMap((setting) =>
  setting.brokerNames.map((name): BrokerSetting => {
    const { type, byDefault, valid } = setting;
    const like = {
      name,
      type,
      byDefault,
      scope: 'cluster' as const,
      doc: `Default of the topics' ${setting.name}.`,
    };
    const isBound = valid !== undefined && !unlikeTopics.has(name);
    return { ...like, ...(isBound ? { valid } : {}), ...unlikeTopics.get(name) };
  }),
);

type Row = readonly [
  name: string,
  type: SettingType,
  byDefault: string | null,
  doc: string,
  scope?: Scope,
  valid?: ValidValues,
];

const MAX_INT = '2147483647';
const without = 'Shown alone: the embedded cluster has no such thing.';

const rows: readonly Row[] = [
  ['node.id', 'INT', null, 'The id of the broker.'],
  ['broker.id', 'INT', '-1', 'The id of the broker, by its older name.'],
  ['broker.rack', 'STRING', null, without],
  ['process.roles', 'LIST', null, 'What a process is: here always broker and controller.'],
  ['listeners', 'STRING', 'PLAINTEXT://:9092', 'Where the broker listens.', 'broker'],
  ['advertised.listeners', 'STRING', null, 'The address that clients are given.'],
  ['auto.create.topics.enable', 'BOOLEAN', 'true', 'Whether topics are created by use.'],
  ['delete.topic.enable', 'BOOLEAN', 'true', 'Whether topics can be deleted.'],
  ['num.partitions', 'INT', '1', 'How many partitions a topic gets for which nobody says.'],
  ['default.replication.factor', 'INT', '1', 'How many replicas a topic gets for which nobody says.'],
  ['offset.metadata.max.bytes', 'INT', '4096', 'The longest text that is committed with an offset.'],
  ['offsets.retention.minutes', 'INT', '10080', 'How long committed offsets are kept.'],
  ['offsets.retention.check.interval.ms', 'LONG', '600000', 'How often committed offsets are looked over.'],
  ['group.initial.rebalance.delay.ms', 'INT', '3000', 'How long an empty group waits for more members.'],
  ['group.min.session.timeout.ms', 'INT', '6000', 'The shortest session timeout of a member.'],
  ['group.max.session.timeout.ms', 'INT', '1800000', 'The longest session timeout of a member.'],
  ['group.max.size', 'INT', MAX_INT, 'How many members a group may have.'],
  ['transaction.max.timeout.ms', 'INT', '900000', 'The longest timeout of a transaction.'],
  ['transactional.id.expiration.ms', 'INT', '604800000', 'How long an unused transactional id is known.'],
  [
    'transaction.abort.timed.out.transaction.cleanup.interval.ms',
    'INT',
    '10000',
    'How often timeouts are looked for.',
  ],
  [
    'producer.id.expiration.ms',
    'INT',
    '86400000',
    'How long an unused producer id is known.',
    'cluster',
    atLeast(1),
  ],
  ['fetch.max.bytes', 'INT', '57671680', 'The most that one answer to Fetch holds.'],
  ['max.incremental.fetch.session.cache.slots', 'INT', '1000', 'How many fetch sessions are kept.'],
  ['socket.request.max.bytes', 'INT', '104857600', 'The largest request that is taken.'],
  ['max.connections', 'INT', MAX_INT, without, 'cluster', atLeast(0)],
  ['max.connections.per.ip', 'INT', MAX_INT, without, 'cluster', atLeast(0)],
  ['connections.max.idle.ms', 'LONG', '600000', without],
  ['request.timeout.ms', 'INT', '30000', without],
  ['replica.lag.time.max.ms', 'LONG', '30000', without],
  ['num.network.threads', 'INT', '3', without, 'cluster', atLeast(1)],
  ['num.io.threads', 'INT', '8', without, 'cluster', atLeast(1)],
  ['log.dirs', 'STRING', null, without],
  ['log.retention.check.interval.ms', 'LONG', '300000', 'Without effect: retention is on request.'],
  ['log.cleaner.enable', 'BOOLEAN', 'true', 'Without effect: compaction is on request.'],
  ['log.cleaner.threads', 'INT', '1', 'Without effect: compaction is on request.', 'cluster', atLeast(0)],
  [
    'log.cleaner.backoff.ms',
    'LONG',
    '15000',
    'Without effect: compaction is on request.',
    'cluster',
    atLeast(0),
  ],
  [
    'log.cleaner.io.buffer.load.factor',
    'DOUBLE',
    '0.9',
    'Without effect: compaction is on request.',
    'cluster',
    between(0, 1),
  ],
];

/** The settings of brokers that are known here: what topics take from them, and what clients ask for. */
export const brokerSettings: readonly BrokerSetting[] = [
  ...ofTopics,
  ...rows.map(([name, type, byDefault, doc, scope = 'read-only', valid]) => ({
    name,
    type,
    byDefault,
    scope,
    doc,
    ...(valid === undefined ? {} : { valid }),
  })),
];

/** {@link brokerSettings} by name. */
export const brokerSettingByName: ReadonlyMap<string, BrokerSetting> = new Map(
  brokerSettings.map((setting) => [setting.name, setting]),
);
