import { Option, type Command } from 'commander';
import { configSample, sampleFormats, type SampleFormat } from '../settings/config-sample.ts';
import { exitCodes } from '../terminal/exit-codes.ts';
import type { Io } from '../terminal/io.ts';
import { loadJob } from '../job/job-module.ts';
import { addSettingFlags, layersOf } from '../settings/setting-flags.ts';
import { settings, type Setting } from '../settings/settings.ts';
import { withoutSecrets } from '../settings/store-flags.ts';

/** `kasper config sample` and `kasper config show` */
export function addConfigCommand(program: Command, io: Io, done: (exitCode: number) => void): void {
  const config = program
    .command('config')
    .summary('print a sample of the configuration file, or the settings in force')
    .description(
      'Settings come from a configuration file, the environment (KASPER_…) and flags; each overrides those before it.',
    );
  config
    .command('sample')
    .summary('print a configuration file with every setting')
    .description(
      'Prints a configuration file with every setting, its unit and its default, all commented out.',
    )
    .addOption(new Option('--format <format>', 'form of the file').choices(sampleFormats).default('json'))
    .action(({ format }: { readonly format: SampleFormat }) => {
      io.stdout.write(configSample(format));
      done(exitCodes.ok.code);
    });
  const show = config
    .command('show')
    .summary('print the settings that are in force, and where each comes from')
    .description(
      'Prints every setting that is given by a configuration file, the environment, a flag or the job, and where it comes from; with --all also the defaults. Secrets are not shown.',
    )
    .argument('[job]', 'JavaScript file of a job; the other sources override its options')
    .option('--all', 'also settings that have their default')
    .option('--json', 'print one JSON document');
  addSettingFlags(show, 'run', 'connection', 'stores', 'options');
  show.action(async (job: string | undefined, flags: { readonly all?: boolean; readonly json?: boolean }) => {
    const rows = await rowsOf(show, job, io);
    const shown = flags.all === true ? rows : rows.filter(({ from }) => from !== DEFAULT);
    io.stdout.write(flags.json === true ? asJson(shown) : asText(shown));
    done(exitCodes.ok.code);
  });
}

const DEFAULT = 'default';

interface Row {
  readonly name: string;
  readonly value: unknown;
  readonly from: string;
}

async function rowsOf(command: Command, file: string | undefined, io: Io): Promise<Row[]> {
  const { given } = layersOf(command);
  const job = file === undefined ? {} : jobValues(await loadJob(file, io));
  return settings.flatMap((setting): Row[] => {
    const { name } = setting;
    const found = given.get(name);
    if (found !== undefined)
      return [{ name, value: masked(setting, found.value), from: found.place.replace(`: ${name}`, '') }];
    if (job[name] !== undefined && file !== undefined)
      return [{ name, value: masked(setting, job[name]), from: file }];
    return setting.default === undefined ? [] : [{ name, value: setting.default, from: DEFAULT }];
  });
}

/** The settings that a job has, by their names. */
function jobValues(job: object): Readonly<Record<string, unknown>> {
  const options = { ...job } as Readonly<Record<string, unknown>>;
  const client = options['client'];
  const connection =
    typeof client === 'object' && client !== null && 'brokers' in client ? { ...client } : {};
  const { brokers, clientId } = connection as Readonly<Record<string, unknown>>;
  return {
    ...options,
    // A store, or a function: it has no form that a setting has.
    store: undefined,
    brokers: Array.isArray(brokers) ? brokers : undefined,
    clientId,
    partitions: options['inputPartitions'],
  };
}

function masked({ kind, name }: Setting, value: unknown): unknown {
  if (kind === 'secret') return '***';
  if (typeof value === 'function') return '(a function)';
  if (name === 'storeUrl' && typeof value === 'string')
    return value
      .split(',')
      .map((url) => (URL.canParse(url.trim()) ? withoutSecrets(new URL(url.trim())) : '***'))
      .join(',');
  return value;
}

function asJson(rows: readonly Row[]): string {
  return `${JSON.stringify(Object.fromEntries(rows.map(({ name, value, from }) => [name, { value, from }])), null, 2)}\n`;
}

function asText(rows: readonly Row[]): string {
  if (rows.length === 0) return 'Nothing is set: every setting has its default (--all shows them)\n';
  const texts = rows.map(({ name, value, from }) => [
    name,
    Array.isArray(value) ? value.join(',') : String(value),
    from,
  ]);
  const width = (column: number) => Math.max(...texts.map((row) => (row[column] ?? '').length));
  const widths = [width(0), width(1)];
  return texts
    .map(
      ([name = '', value = '', from = '']) =>
        `${name.padEnd(widths[0] ?? 0)}  ${value.padEnd(widths[1] ?? 0)}  ${from}\n`,
    )
    .join('');
}
