import type { LogFormat, LogLevel } from '../../logging/index.ts';
import type { ConnectionFlags } from './connection-flags.ts';
import type { Layers } from './layers.ts';
import { flagOf, settings } from './settings.ts';
import type { StoreFlags } from './store-flags.ts';

/** The settings of a run, as all layers have them together; what none of them has is undefined. */
export interface RunSettings extends ConnectionFlags, StoreFlags {
  readonly partitions?: readonly number[];
  /** As text, such as `0/3`. */
  readonly share?: string;
  readonly toEnd?: boolean;
  readonly workers?: number;
  readonly progress?: boolean;
  readonly metricsPort?: number;
  readonly metricsHost?: string;
  readonly kasperNames?: boolean;
  readonly logFormat?: LogFormat;
  readonly logLevel?: LogLevel;
}

/** The values of a run's settings. */
export function runSettingsOf({ given }: Pick<Layers, 'given'>): RunSettings {
  return Object.fromEntries([...given].map(([name, { value }]) => [name, value]));
}

/** Those options of a TopicProcessor that were given: they go over the job's. */
export function givenOptions({ given }: Pick<Layers, 'given'>): Record<string, unknown> {
  const options: Record<string, unknown> = {};
  for (const { name, group } of settings) {
    const found = given.get(name);
    if (group === 'options' && found !== undefined) options[name] = found.value;
  }
  return options;
}

/** Names the place where a setting was given, for messages. */
export function placeIn({ given }: Pick<Layers, 'given'>): (name: string) => string {
  return (name) => given.get(name)?.place ?? flagOf(name);
}
