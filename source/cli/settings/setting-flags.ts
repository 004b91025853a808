import { Option, type Command } from 'commander';
import { ConfigError } from '../../index.ts';
import { writeText, type Io } from '../terminal/io.ts';
import { readLayers, type Layers } from './layers.ts';
import { flagOf, settingGroups, settings, type Setting, type SettingGroup } from './settings.ts';

/** A flag of a setting: its value is one layer of three. */
class SettingFlag extends Option {
  readonly setting: Setting;

  constructor(setting: Setting, flags: string, description: string | undefined) {
    super(flags, description);
    this.setting = setting;
  }
}

/** As commander calls the sources of a value. */
const sources = { file: 'config', environment: 'env', flag: 'cli' } as const;

const found = new WeakMap<Command, Layers>();
const lenient = new WeakSet<Command>();

/**
 * Adds the flags of these settings, and `--config`; {@link applyLayers} then gives the command the
 * values of all layers.
 */
export function addSettingFlags(command: Command, ...groups: readonly SettingGroup[]): void {
  for (const group of groups) {
    command.optionsGroup(`${settingGroups[group]}:`);
    if (group === 'connection') command.addOption(configOption());
    for (const setting of settings.filter((each) => each.group === group))
      for (const flag of flagsOf(setting)) command.addOption(flag);
  }
}

/** Adds the flags of log lines, for a command that runs until it is stopped. */
export function addLogFlags(command: Command): void {
  for (const setting of settings.filter(({ name }) => name === 'logFormat' || name === 'logLevel'))
    for (const flag of flagsOf(setting)) command.addOption(flag);
}

/** The flags of one setting; none for a secret. */
export function flagsOf(setting: Setting): Option[] {
  const { name, kind, short, what, off, choices, placeholder, unit = 'n' } = setting;
  if (kind === 'secret') return [];
  const long = flagOf(name);
  if (kind === 'boolean') {
    const negated = new SettingFlag(setting, `--no-${long.slice(2)}`, off);
    // Where off is the default, the flag that undoes a file or the environment is rarely needed.
    if (off === undefined) negated.hideHelp();
    return [new SettingFlag(setting, long, described(setting)), negated];
  }
  const flags = `${short === undefined ? '' : `-${short}, `}${long} <${placeholder ?? unit}>`;
  if (choices === undefined) return [new SettingFlag(setting, flags, described(setting))];
  const flag = new SettingFlag(setting, flags, what).choices(choices);
  if (setting.default !== undefined) flag.default(undefined, String(setting.default));
  // A value that is not one of the choices is reported together with everything else that is wrong.
  return [flag.argParser((text) => text)];
}

/** `What it decides (default 1000)` */
function described({ kind, what, default: fallback, group }: Setting): string {
  if (fallback === undefined || (kind === 'boolean' && group !== 'options')) return what;
  const text = kind === 'boolean' ? (fallback === true ? 'on' : 'off') : String(fallback);
  return `${what} (default ${text})`;
}

function configOption(): Option {
  return new Option(
    '--config <file>',
    'configuration file, as `kasper config sample` prints it; default: kasper.config.js or kasper.config.json in this folder',
  );
}

/** For a command that reports the problems of its settings itself, with {@link layersOf}. */
export function reportsProblemsItself(command: Command): void {
  lenient.add(command);
}

/**
 * Gives a command that has flags of settings the values of all layers, before it runs; other
 * commands are left alone.
 *
 * @throws ConfigError that lists all that is wrong in all of them
 */
export async function applyLayers(command: Command, io: Io): Promise<void> {
  if (!command.options.some((option) => option instanceof SettingFlag)) return;
  const flags = new Map<string, string | boolean>();
  for (const option of command.options) {
    if (!(option instanceof SettingFlag)) continue;
    const { name } = option.setting;
    if (command.getOptionValueSource(name) === 'cli')
      flags.set(name, command.getOptionValue(name) as string | boolean);
  }
  const layers = await readLayers(flags, command.getOptionValue('config') as string | undefined, io);
  found.set(command, layers);
  for (const warning of layers.warnings) writeText(io.stderr, `warning: ${warning}\n`);
  if (layers.problems.length > 0 && !lenient.has(command))
    throw new ConfigError(layers.problems, { what: 'Configuration' });
  const own = new Set(
    command.options.filter((option) => option instanceof SettingFlag).map((option) => option.attributeName()),
  );
  for (const [name, { value, layer }] of layers.given) {
    // A secret has no flag, but belongs to the command that logs in.
    if (own.has(name) || isSecretOf(name, own)) command.setOptionValueWithSource(name, value, sources[layer]);
  }
}

function isSecretOf(name: string, own: ReadonlySet<string>): boolean {
  const setting = settings.find((each) => each.name === name);
  return (
    setting?.kind === 'secret' && settings.some((each) => each.group === setting.group && own.has(each.name))
  );
}

/** What the layers of a command gave. */
export function layersOf(command: Command): Layers {
  const layers = found.get(command);
  if (layers === undefined) throw new TypeError(`The layers of kasper ${command.name()} were not read`);
  return layers;
}
