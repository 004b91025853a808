import { resolve } from 'node:path';
import { ConfigError } from '../../index.ts';
import { nearestName } from '../../kernel/nearest-name.ts';
import { readConfigFile, type ConfigFile } from './config-file.ts';
import type { ImportPlace } from './module-file.ts';
import type { Io } from '../terminal/io.ts';
import { checkValue, parseText, type Parsed } from './setting-values.ts';
import { flagOf, settings, variableOf, type Setting } from './settings.ts';

/** Where a value comes from, each overriding those before it; all of them override the job. */
export const layerNames = ['file', 'environment', 'flag'] as const;
/** Where a value comes from. */
export type LayerName = (typeof layerNames)[number];

/** The value of a setting, and where it was given. */
export interface Given {
  readonly value: unknown;
  readonly layer: LayerName;
  /**
   * As a message names it: `kasper.config.json: batchSize`, `KASPER_BATCH_SIZE`, `--batch-size`.
   */
  readonly place: string;
}

/** What configuration file, environment and flags say together. */
export interface Layers {
  /** By the name of the setting. */
  readonly given: ReadonlyMap<string, Given>;
  /** All that is wrong. */
  readonly problems: readonly string[];
  /** What may be a mistake, but need not be. */
  readonly warnings: readonly string[];
  /** The configuration file that was read. */
  readonly file: string | undefined;
}

/** What a flag has: text, or whether it was `--x` or `--no-x`. */
type Flags = ReadonlyMap<string, string | boolean>;

/** The variable that names the configuration file. */
export const CONFIG_VARIABLE = 'KASPER_CONFIG';

/** Reads all layers; what is wrong is returned, not thrown. */
export async function readLayers(
  flags: Flags,
  configFlag: string | undefined,
  io: Pick<Io, 'env' | 'cwd'> & ImportPlace,
): Promise<Layers> {
  const reading = new Reading();
  let file: ConfigFile | undefined;
  try {
    file = await readConfigFile(configFlag ?? nonEmpty(io.env[CONFIG_VARIABLE]), io);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    reading.problems.push(error.message);
  }
  if (file !== undefined) reading.addFile(file);
  reading.addEnvironment(io);
  for (const [name, value] of flags) {
    const setting = settings.find((each) => each.name === name);
    if (setting === undefined) continue;
    const parsed = typeof value === 'boolean' ? { value } : parseText(setting, value);
    reading.add(setting, parsed, { layer: 'flag', place: flagOf(name), folder: io.cwd });
  }
  const { given, problems, warnings } = reading;
  return { given, problems, warnings, file: file?.name };
}

/** Where a value was read. */
interface ValuePlace extends Omit<Given, 'value'> {
  /** What a relative path starts from. */
  readonly folder: string;
}

class Reading {
  readonly given = new Map<string, Given>();
  readonly problems: string[] = [];
  readonly warnings: string[] = [];

  add(setting: Setting, parsed: Parsed, { layer, place, folder }: ValuePlace): void {
    if ('problem' in parsed) {
      this.problems.push(`${place} ${parsed.problem}`);
      return;
    }
    const { value } = parsed;
    const absolute = setting.kind === 'file' && typeof value === 'string' ? resolve(folder, value) : value;
    this.given.set(setting.name, { value: absolute, layer, place });
  }

  addFile({ name: file, folder, values }: ConfigFile): void {
    for (const [name, value] of Object.entries(values)) {
      if (value === undefined) continue;
      const setting = settings.find((each) => each.name === name);
      if (setting === undefined) this.problems.push(`${file}: ${unknownSetting(name)}`);
      else
        this.add(setting, checkValue(setting, value), { layer: 'file', place: `${file}: ${name}`, folder });
    }
  }

  addEnvironment({ env, cwd }: Pick<Io, 'env' | 'cwd'>): void {
    for (const setting of settings) {
      const variable = variableOf(setting.name);
      const text = nonEmpty(env[variable]);
      if (text === undefined) continue;
      const parsed = parseText(setting, text);
      if ('problem' in parsed && KUBERNETES_VALUE.test(text)) {
        this.problems.push(
          `${variable} ${parsed.problem}; Kubernetes sets it for a Service of that name: give the Service another name, or the pod enableServiceLinks: false`,
        );
      } else this.add(setting, parsed, { layer: 'environment', place: variable, folder: cwd });
    }
    const known = new Set([...settings.map(({ name }) => variableOf(name)), CONFIG_VARIABLE]);
    for (const [variable, text] of Object.entries(env)) {
      if (!variable.startsWith('KASPER_') || known.has(variable) || nonEmpty(text) === undefined) continue;
      if (KUBERNETES_NAME.test(variable)) continue;
      const nearest = nearestOf(variable, [...known]);
      this.warnings.push(
        `${variable} is not a setting and has no effect${nearest === undefined ? '' : `; did you mean ${nearest}?`}`,
      );
    }
  }
}

/** A pod has such variables for each Service of its namespace, so also for one called kasper. */
const KUBERNETES_NAME = /_SERVICE_(HOST|PORT)(_\w+)?$|_PORT_\d+_(TCP|UDP)(_\w+)?$|^KASPER_PORT$/;
const KUBERNETES_VALUE = /^(tcp|udp):\/\//;

/** Keys that people may expect here, and where they belong. */
const elsewhere: Readonly<Record<string, string>> = {
  client: 'use brokers, ssl, saslMechanism, …, or set it in the job',
  inputPartitions: 'use partitions',
  topicProcessorName: 'it belongs in the job',
  inputTopics: 'it belongs in the job',
  processor: 'it belongs in the job',
  middleware: 'it belongs in the job',
  commitMetadata: 'it belongs in the job',
  stores: 'it belongs in the job; store says where they are',
  logger: 'it belongs in the job; logLevel and logFormat are here',
  metrics: 'it belongs in the job; metricsPort is here',
  monitor: 'use metricsPort and metricsHost, or set it in the job',
};

function unknownSetting(name: string): string {
  const names = settings.map((setting) => setting.name);
  const where = Object.hasOwn(elsewhere, name) ? elsewhere[name] : undefined;
  if (where !== undefined) return `'${name}' is not a setting: ${where}`;
  const nearest = nearestOf(name, names);
  const hint =
    nearest === undefined ? '`kasper config sample` prints all settings' : `did you mean '${nearest}'?`;
  return `unknown setting '${name}'; ${hint}`;
}

function nearestOf(name: string, known: readonly string[]): string | undefined {
  return nearestName(name, known, 1 / 4, (text) => text.toLowerCase());
}

/** An empty variable counts as not set: what starts a process often cannot leave it out. */
function nonEmpty(text: string | undefined): string | undefined {
  const trimmed = text?.trim();
  return trimmed === '' ? undefined : trimmed;
}
