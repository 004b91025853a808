import type { BrokerConfigs } from './broker-configs.ts';
import { listItems } from './check-value.ts';
import { ConfigSources } from './config-entry.ts';
import type { ConfigEntry } from './config-entry.ts';
import { topicSettingByName, topicSettings } from './topic-settings.ts';
import type { TopicSetting } from './topic-settings.ts';

/** The settings of a topic that the embedded cluster acts on. */
interface TopicValues {
  readonly maxMessageBytes: number;
  readonly minInsyncReplicas: number;
  readonly retentionMs: number;
  readonly retentionBytes: number;
  readonly deleteRetentionMs: number;
  readonly minCompactionLagMs: number;
  readonly timestampAfterMaxMs: number;
  readonly timestampBeforeMaxMs: number;
  readonly isCompacted: boolean;
  readonly isDeleted: boolean;
  readonly hasAppendTime: boolean;
  readonly codec: number | undefined;
}

/** The codecs by their numbers in a batch. */
const CODECS: readonly string[] = ['uncompressed', 'gzip', 'snappy', 'lz4', 'zstd'];

/**
 * The configuration of one topic: its own values over those of the brokers. Changes act immediately:
 * ask for a value when it is needed.
 */
export class TopicConfig {
  readonly #brokers: BrokerConfigs;
  #given: ReadonlyMap<string, string>;
  #values: TopicValues | undefined;
  #version = -1;

  /** The caller has checked the values. */
  constructor(given: Readonly<Record<string, string | null>>, brokers: BrokerConfigs) {
    this.#given = new Map(Object.entries(given).map(([name, value]) => [name, value ?? '']));
    this.#brokers = brokers;
  }

  /** The topic's own values. */
  get given(): ReadonlyMap<string, string> {
    return this.#given;
  }

  /** Replaces the topic's own values; the caller has checked them. */
  replace(given: ReadonlyMap<string, string>): void {
    this.#given = given;
    this.#values = undefined;
  }

  /** The largest record batch that the topic takes, in bytes. */
  get maxMessageBytes(): number {
    return this.#now.maxMessageBytes;
  }

  get minInsyncReplicas(): number {
    return this.#now.minInsyncReplicas;
  }

  /** -1: never. */
  get retentionMs(): number {
    return this.#now.retentionMs;
  }

  /** -1: no limit. */
  get retentionBytes(): number {
    return this.#now.retentionBytes;
  }

  /** How long compaction keeps tombstones and markers after it has met them first. */
  get deleteRetentionMs(): number {
    return this.#now.deleteRetentionMs;
  }

  /** Records that are younger are not compacted. */
  get minCompactionLagMs(): number {
    return this.#now.minCompactionLagMs;
  }

  /** How far the timestamp of a record may be ahead of the clock. */
  get timestampAfterMaxMs(): number {
    return this.#now.timestampAfterMaxMs;
  }

  /** How far it may be behind. */
  get timestampBeforeMaxMs(): number {
    return this.#now.timestampBeforeMaxMs;
  }

  /** cleanup.policy has compact: every record needs a key. */
  get isCompacted(): boolean {
    return this.#now.isCompacted;
  }

  /** cleanup.policy has delete. */
  get isDeleted(): boolean {
    return this.#now.isDeleted;
  }

  /** Records get their time from the broker. */
  get hasAppendTime(): boolean {
    return this.#now.hasAppendTime;
  }

  /** Number of the codec in which batches are stored; undefined: as they come. */
  get codec(): number | undefined {
    return this.#now.codec;
  }

  /** The value of a setting by name, as text. */
  text(name: string): string {
    const setting = topicSettingByName.get(name);
    return this.#given.get(name) ?? (setting === undefined ? '' : this.#inherited(setting));
  }

  /** All settings, as a broker shows them. */
  entries(nodeId: number): ConfigEntry[] {
    return topicSettings.map((setting) => {
      const { name } = setting;
      const own = this.#given.get(name);
      const inherited = this.#brokers.synonyms(setting.brokerNames, nodeId);
      const synonyms =
        own === undefined ? inherited : [{ name, value: own, source: ConfigSources.TOPIC }, ...inherited];
      const [first = { value: setting.byDefault, source: ConfigSources.DEFAULT }] = synonyms;
      return { name, setting, value: first.value, source: first.source, isReadOnly: false, synonyms };
    });
  }

  get #now(): TopicValues {
    if (this.#values === undefined || this.#version !== this.#brokers.version) {
      this.#version = this.#brokers.version;
      this.#values = this.#read();
    }
    return this.#values;
  }

  #read(): TopicValues {
    const number = (name: string) => Number(this.text(name));
    const codec = CODECS.indexOf(this.text('compression.type').trim());
    const policies = listItems(this.text('cleanup.policy'));
    return {
      maxMessageBytes: number('max.message.bytes'),
      minInsyncReplicas: number('min.insync.replicas'),
      retentionMs: number('retention.ms'),
      retentionBytes: number('retention.bytes'),
      deleteRetentionMs: number('delete.retention.ms'),
      minCompactionLagMs: number('min.compaction.lag.ms'),
      timestampAfterMaxMs: number('message.timestamp.after.max.ms'),
      timestampBeforeMaxMs: number('message.timestamp.before.max.ms'),
      isCompacted: policies.includes('compact'),
      isDeleted: policies.includes('delete'),
      hasAppendTime: this.text('message.timestamp.type').trim() === 'LogAppendTime',
      codec: codec === -1 ? undefined : codec,
    };
  }

  #inherited({ brokerNames, byDefault }: TopicSetting): string {
    return this.#brokers.forTopics(brokerNames) ?? byDefault ?? '';
  }
}
