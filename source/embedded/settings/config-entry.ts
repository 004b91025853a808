import type { Setting } from './setting.ts';

/** Where a value comes from, by the numbers in DescribeConfigs. */
export const ConfigSources = {
  TOPIC: 1,
  /** Of one broker, changed while it runs. */
  BROKER: 2,
  /** Of all brokers, changed while they run. */
  ALL_BROKERS: 3,
  /** The broker was started with it. */
  STATIC: 4,
  DEFAULT: 5,
} as const;

/** A name under which a setting has a value, with where it comes from. */
export interface ConfigSynonym {
  readonly name: string;
  readonly value: string | null;
  readonly source: number;
}

/** One setting as DescribeConfigs shows it. */
export interface ConfigEntry {
  readonly name: string;
  /** Undefined for a name that no broker knows: its value is not shown. */
  readonly setting: Setting | undefined;
  readonly value: string | null;
  readonly source: number;
  readonly isReadOnly: boolean;
  /** All that give it a value, the one that counts first. */
  readonly synonyms: readonly ConfigSynonym[];
}
