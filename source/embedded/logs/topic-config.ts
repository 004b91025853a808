/**
 * Topic settings that Kafka 2.3 to 4 share, with their defaults. The embedded cluster acts on
 * `max.message.bytes`, `min.insync.replicas` and `message.timestamp.*.max.ms` alone.
 */
const defaults: Readonly<Record<string, string>> = {
  'cleanup.policy': 'delete',
  'compression.type': 'producer',
  'delete.retention.ms': '86400000',
  'file.delete.delay.ms': '60000',
  'flush.messages': '9223372036854775807',
  'flush.ms': '9223372036854775807',
  'index.interval.bytes': '4096',
  'max.compaction.lag.ms': '9223372036854775807',
  'max.message.bytes': '1048588',
  'message.timestamp.after.max.ms': '3600000',
  'message.timestamp.before.max.ms': '9223372036854775807',
  'message.timestamp.type': 'CreateTime',
  'min.cleanable.dirty.ratio': '0.5',
  'min.compaction.lag.ms': '0',
  'min.insync.replicas': '1',
  preallocate: 'false',
  'retention.bytes': '-1',
  'retention.ms': '604800000',
  'segment.bytes': '1073741824',
  'segment.index.bytes': '10485760',
  'segment.jitter.ms': '0',
  'segment.ms': '604800000',
  'unclean.leader.election.enable': 'false',
};

/** One setting as DescribeConfigs shows it. */
export interface ConfigEntry {
  readonly name: string;
  readonly value: string;
  readonly isDefault: boolean;
}

/** The configuration of one topic: what was given at creation, over Kafka's defaults. */
export class TopicConfig {
  readonly #given: ReadonlyMap<string, string>;

  /** Names must be known: check them with {@link unknownSettings} first. */
  constructor(given: Readonly<Record<string, string>>) {
    this.#given = new Map(Object.entries(given));
  }

  /** The largest record batch that the topic takes, in bytes. */
  get maxMessageBytes(): number {
    return Number(this.#value('max.message.bytes'));
  }

  get minInsyncReplicas(): number {
    return Number(this.#value('min.insync.replicas'));
  }

  /** How far the timestamp of a record may be ahead of the clock. */
  get timestampAfterMaxMs(): number {
    return Number(this.#value('message.timestamp.after.max.ms'));
  }

  /** How far it may be behind. */
  get timestampBeforeMaxMs(): number {
    return Number(this.#value('message.timestamp.before.max.ms'));
  }

  entries(): ConfigEntry[] {
    return Object.keys(defaults).map((name) => ({
      name,
      value: this.#value(name),
      isDefault: !this.#given.has(name),
    }));
  }

  #value(name: string): string {
    return this.#given.get(name) ?? defaults[name] ?? '';
  }
}

/** The names among `given` that Kafka has no topic setting for. */
export function unknownSettings(given: Readonly<Record<string, string>>): string[] {
  return Object.keys(given).filter((name) => !Object.hasOwn(defaults, name));
}
