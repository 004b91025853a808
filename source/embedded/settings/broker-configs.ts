import { brokerSettingByName, brokerSettings } from './broker-settings.ts';
import { ConfigSources } from './config-entry.ts';
import type { ConfigEntry, ConfigSynonym } from './config-entry.ts';

type Values = ReadonlyMap<string, string>;

const none: Values = new Map();
/** As a new cluster of Kafka 4.1 has it: what it may be is then the same on all brokers. */
const atFirst: Values = new Map([['min.insync.replicas', '1']]);

/**
 * The configuration of the brokers: what they were started with, and what was changed since, for one
 * of them or for all.
 */
export class BrokerConfigs {
  readonly #static: (nodeId: number) => Values;
  readonly #ofNodes = new Map<number, Values>();
  #ofAll = atFirst;
  #version = 0;

  /** @param startedWith what a broker was started with; called each time, since ports are known late */
  constructor(startedWith: (nodeId: number) => Values) {
    this.#static = startedWith;
  }

  /** Counts the changes. */
  get version(): number {
    return this.#version;
  }

  /** What was changed for one broker, or for all of them if none is named. */
  changed(nodeId: number | undefined): Values {
    return nodeId === undefined ? this.#ofAll : (this.#ofNodes.get(nodeId) ?? none);
  }

  /** Replaces what was changed; the caller has checked it. */
  replace(nodeId: number | undefined, values: Values): void {
    if (nodeId === undefined) this.#ofAll = values;
    else this.#ofNodes.set(nodeId, values);
    this.#version++;
  }

  /** What topics take that have no value of their own: what was changed for all brokers. */
  forTopics(brokerNames: readonly string[]): string | undefined {
    const name = brokerNames[0];
    return name === undefined ? undefined : this.#ofAll.get(name);
  }

  /** All settings of a broker. */
  entries(nodeId: number): ConfigEntry[] {
    const unknown = [...this.#ofAll.keys(), ...this.changed(nodeId).keys()].filter(
      (name) => !brokerSettingByName.has(name),
    );
    return [...brokerSettings.map(({ name }) => name), ...new Set(unknown)].map((name) =>
      entryOf(name, this.synonyms([name], nodeId)),
    );
  }

  /** What was changed for all brokers. */
  entriesOfAll(): ConfigEntry[] {
    return [...this.#ofAll].map(([name, value]) =>
      entryOf(name, [{ name, value, source: ConfigSources.ALL_BROKERS }]),
    );
  }

  /**
   * What gives a setting its value at a broker, the first name before the others, which have other
   * units.
   */
  synonyms(names: readonly string[], nodeId: number): ConfigSynonym[] {
    const found: ConfigSynonym[] = [];
    const add = (from: Values, source: number) => {
      for (const name of names) {
        const value = from.get(name);
        if (value !== undefined) found.push({ name, value, source });
      }
    };
    add(this.changed(nodeId), ConfigSources.BROKER);
    add(this.#ofAll, ConfigSources.ALL_BROKERS);
    add(this.#static(nodeId), ConfigSources.STATIC);
    for (const name of names) {
      const value = brokerSettingByName.get(name)?.byDefault;
      if (typeof value === 'string') found.push({ name, value, source: ConfigSources.DEFAULT });
    }
    const first = found.findIndex(({ name }) => name === names[0]);
    return first === -1 ? [] : found.slice(first);
  }
}

/** The value of what no broker knows may be a secret, and is not shown. */
function entryOf(name: string, synonyms: readonly ConfigSynonym[]): ConfigEntry {
  const setting = brokerSettingByName.get(name);
  const shown = setting === undefined ? synonyms.map((synonym) => ({ ...synonym, value: null })) : synonyms;
  return {
    name,
    setting,
    value: shown[0]?.value ?? null,
    source: shown[0]?.source ?? ConfigSources.DEFAULT,
    isReadOnly: setting === undefined || setting.scope === 'read-only',
    synonyms: shown,
  };
}
