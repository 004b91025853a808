import { atLeast, between, oneOf } from './setting.ts';
import type { Setting } from './setting.ts';

/** A setting of topics. */
export interface TopicSetting extends Setting {
  /**
   * Settings of brokers that give a topic its value where the topic has none: the first one has the
   * same unit.
   */
  readonly brokerNames: readonly string[];
}

const forever = '9223372036854775807';
const remote = 'For tiered storage, which the embedded cluster does not have.';
const files = 'About files, which the embedded cluster does not have.';

/** All settings of topics, in the order in which a broker checks them. */
export const topicSettings: readonly TopicSetting[] = [
  {
    name: 'segment.bytes',
    type: 'INT',
    byDefault: '1073741824',
    valid: atLeast(1_048_576),
    brokerNames: ['log.segment.bytes'],
    doc: files,
  },
  {
    name: 'segment.ms',
    type: 'LONG',
    byDefault: '604800000',
    valid: atLeast(1),
    brokerNames: ['log.roll.ms', 'log.roll.hours'],
    doc: files,
  },
  {
    name: 'segment.jitter.ms',
    type: 'LONG',
    byDefault: '0',
    valid: atLeast(0),
    brokerNames: ['log.roll.jitter.ms', 'log.roll.jitter.hours'],
    doc: files,
  },
  {
    name: 'segment.index.bytes',
    type: 'INT',
    byDefault: '10485760',
    valid: atLeast(4),
    brokerNames: ['log.index.size.max.bytes'],
    doc: files,
  },
  {
    name: 'flush.messages',
    type: 'LONG',
    byDefault: forever,
    valid: atLeast(1),
    brokerNames: ['log.flush.interval.messages'],
    doc: files,
  },
  {
    name: 'flush.ms',
    type: 'LONG',
    byDefault: forever,
    valid: atLeast(0),
    brokerNames: ['log.flush.interval.ms', 'log.flush.scheduler.interval.ms'],
    doc: files,
  },
  {
    name: 'retention.bytes',
    type: 'LONG',
    byDefault: '-1',
    brokerNames: ['log.retention.bytes'],
    doc: 'With cleanup.policy delete: a partition that is larger loses its oldest records. -1: no limit.',
  },
  {
    name: 'retention.ms',
    type: 'LONG',
    byDefault: '604800000',
    valid: atLeast(-1),
    brokerNames: ['log.retention.ms', 'log.retention.minutes', 'log.retention.hours'],
    doc: 'With cleanup.policy delete: records that are older are deleted. -1: never.',
  },
  {
    name: 'max.message.bytes',
    type: 'INT',
    byDefault: '1048588',
    valid: atLeast(0),
    brokerNames: ['message.max.bytes'],
    doc: 'The largest record batch that is taken, as it is stored.',
  },
  {
    name: 'index.interval.bytes',
    type: 'INT',
    byDefault: '4096',
    valid: atLeast(0),
    brokerNames: ['log.index.interval.bytes'],
    doc: files,
  },
  {
    name: 'delete.retention.ms',
    type: 'LONG',
    byDefault: '86400000',
    valid: atLeast(0),
    brokerNames: ['log.cleaner.delete.retention.ms'],
    doc: 'How long compaction keeps tombstones and markers of transactions after it has met them first.',
  },
  {
    name: 'min.compaction.lag.ms',
    type: 'LONG',
    byDefault: '0',
    valid: atLeast(0),
    brokerNames: ['log.cleaner.min.compaction.lag.ms'],
    doc: 'Records that are younger are not compacted.',
  },
  {
    name: 'max.compaction.lag.ms',
    type: 'LONG',
    byDefault: forever,
    valid: atLeast(1),
    brokerNames: ['log.cleaner.max.compaction.lag.ms'],
    doc: 'When a record must be compacted at the latest. Without effect: compaction is on request.',
  },
  {
    name: 'file.delete.delay.ms',
    type: 'LONG',
    byDefault: '60000',
    valid: atLeast(0),
    brokerNames: ['log.segment.delete.delay.ms'],
    doc: files,
  },
  {
    name: 'min.cleanable.dirty.ratio',
    type: 'DOUBLE',
    byDefault: '0.5',
    valid: between(0, 1),
    brokerNames: ['log.cleaner.min.cleanable.ratio'],
    doc: 'How much must be new before a log is compacted. Without effect: compaction is on request.',
  },
  {
    name: 'cleanup.policy',
    type: 'LIST',
    byDefault: 'delete',
    valid: oneOf('compact', 'delete'),
    brokerNames: ['log.cleanup.policy'],
    doc: 'delete: old records are deleted. compact: the last record of each key is kept; every record needs a key.',
  },
  {
    name: 'unclean.leader.election.enable',
    type: 'BOOLEAN',
    byDefault: 'false',
    brokerNames: ['unclean.leader.election.enable'],
    doc: 'Whether a replica that is behind may lead. Without effect: replicas are never behind.',
  },
  {
    name: 'min.insync.replicas',
    type: 'INT',
    byDefault: '1',
    valid: atLeast(1),
    brokerNames: ['min.insync.replicas'],
    doc: 'With acks=all, a batch is refused while fewer replicas are in sync.',
  },
  {
    name: 'compression.type',
    type: 'STRING',
    byDefault: 'producer',
    valid: { kind: 'compression', values: ['uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer'] },
    brokerNames: ['compression.type'],
    doc: 'The codec in which batches are stored. producer: as they come.',
  },
  {
    name: 'compression.gzip.level',
    type: 'INT',
    byDefault: '-1',
    valid: { kind: 'gzip level' },
    brokerNames: ['compression.gzip.level'],
    doc: 'Level of compression.type gzip. Without effect: the default level is used.',
  },
  {
    name: 'compression.lz4.level',
    type: 'INT',
    byDefault: '9',
    valid: between(1, 17),
    brokerNames: ['compression.lz4.level'],
    doc: 'Level of compression.type lz4. Without effect: the default level is used.',
  },
  {
    name: 'compression.zstd.level',
    type: 'INT',
    byDefault: '3',
    valid: between(-131_072, 22),
    brokerNames: ['compression.zstd.level'],
    doc: 'Level of compression.type zstd. Without effect: the default level is used.',
  },
  {
    name: 'preallocate',
    type: 'BOOLEAN',
    byDefault: 'false',
    brokerNames: ['log.preallocate'],
    doc: files,
  },
  {
    name: 'message.timestamp.type',
    type: 'STRING',
    byDefault: 'CreateTime',
    valid: oneOf('CreateTime', 'LogAppendTime'),
    brokerNames: ['log.message.timestamp.type'],
    doc: 'Whose clock gives records their time: CreateTime the producer, LogAppendTime the broker.',
  },
  {
    name: 'message.timestamp.before.max.ms',
    type: 'LONG',
    byDefault: forever,
    valid: atLeast(0),
    brokerNames: ['log.message.timestamp.before.max.ms'],
    doc: 'How far the time of a record may be behind the clock of the broker.',
  },
  {
    name: 'message.timestamp.after.max.ms',
    type: 'LONG',
    byDefault: '3600000',
    valid: atLeast(0),
    brokerNames: ['log.message.timestamp.after.max.ms'],
    doc: 'How far the time of a record may be ahead of the clock of the broker.',
  },
  {
    name: 'leader.replication.throttled.replicas',
    type: 'LIST',
    byDefault: '',
    valid: { kind: 'throttled replicas' },
    brokerNames: [],
    doc: 'Without effect: replicas are never copied.',
  },
  {
    name: 'follower.replication.throttled.replicas',
    type: 'LIST',
    byDefault: '',
    valid: { kind: 'throttled replicas' },
    brokerNames: [],
    doc: 'Without effect: replicas are never copied.',
  },
  { name: 'remote.storage.enable', type: 'BOOLEAN', byDefault: 'false', brokerNames: [], doc: remote },
  {
    name: 'local.retention.ms',
    type: 'LONG',
    byDefault: '-2',
    valid: atLeast(-2),
    brokerNames: ['log.local.retention.ms'],
    doc: remote,
  },
  {
    name: 'local.retention.bytes',
    type: 'LONG',
    byDefault: '-2',
    valid: atLeast(-2),
    brokerNames: ['log.local.retention.bytes'],
    doc: remote,
  },
  { name: 'remote.log.copy.disable', type: 'BOOLEAN', byDefault: 'false', brokerNames: [], doc: remote },
  { name: 'remote.log.delete.on.disable', type: 'BOOLEAN', byDefault: 'false', brokerNames: [], doc: remote },
];

/** {@link topicSettings} by name. */
export const topicSettingByName: ReadonlyMap<string, TopicSetting> = new Map(
  topicSettings.map((setting) => [setting.name, setting]),
);
