import { Writable } from 'node:stream';
import type { Command } from 'commander';
import { ConfigError, groupIdOf, middlewareWarnings, type ClientInit } from '../../index.ts';
import { partitionList } from '../../kernel/partition-list.ts';
import { hideSecrets } from '../../kernel/secrets.ts';
import { exitCodes } from '../terminal/exit-codes.ts';
import { count, counted } from '../terminal/figures.ts';
import { Gathered } from '../job/gathered.ts';
import { writeText, type Io } from '../terminal/io.ts';
import { checkJobSetup, type JobSetup } from '../job/job-setup.ts';
import { addJsonFlag, jsonDocument } from '../terminal/json-output.ts';
import { lintKafka, type KafkaFindings } from './lint-kafka.ts';
import { lintStores, placeNotes } from './lint-stores.ts';
import { addSettingFlags, layersOf, reportsProblemsItself } from '../settings/setting-flags.ts';
import { splitPartitions } from '../settings/worker-split.ts';

interface LintFlags {
  readonly offline?: boolean;
  readonly json?: boolean;
}

/** What is known of a job without running it. */
interface LintReport {
  readonly job: string;
  readonly problems: readonly string[];
  readonly notes: readonly string[];
  /** What a run would do; undefined if it could not begin. */
  readonly run: WouldRun | undefined;
  /** Whether all that is wrong is that Kafka could not be reached. */
  readonly isKafkaAlone: boolean;
}

interface WouldRun {
  readonly topicProcessorName: string;
  readonly group: string;
  readonly inputTopics: readonly string[];
  /** undefined: all, which are not known offline. */
  readonly partitions: readonly number[] | undefined;
  readonly workers: readonly (readonly number[])[];
  readonly brokers: string | undefined;
  readonly stores: string;
  readonly until: 'end' | 'stopped';
  readonly settings: readonly { readonly name: string; readonly value: unknown; readonly from: string }[];
  readonly starts: readonly {
    readonly topic: string;
    readonly partition: number;
    /** undefined: nothing was committed; initialOffset decides. */
    readonly committed: number | undefined;
    readonly lag: number | undefined;
  }[];
}

/** `kasper lint <job>` */
export function addLintCommand(program: Command, io: Io, done: (exitCode: number) => void): void {
  const command = program
    .command('lint')
    .summary('check a job and its settings without running it')
    .description(
      'Loads and checks the job and its settings. Then it asks Kafka for the topics, the group, its committed offsets and the owners of the partitions, and connects to the stores.\n' +
        'Nothing is processed, committed or claimed. All problems are reported together. Topics that the job sends to are known only when it runs.',
    )
    .argument('<job>', 'JavaScript file of the job; TypeScript where Node.js can load it (22.18 or later)')
    .option('--offline', 'connect to neither Kafka nor stores');
  addJsonFlag(command);
  addSettingFlags(command, 'run', 'connection', 'stores', 'options');
  reportsProblemsItself(command);
  command.action(async (file: string) => {
    done(await lint(file, command, io));
  });
}

async function lint(file: string, command: Command, io: Io): Promise<number> {
  const flags: LintFlags = command.opts();
  const report = await reportOf(file, command, io);
  const { problems, isKafkaAlone } = report;
  if (flags.json === true) {
    const { job, notes, run } = report;
    io.stdout.write(jsonDocument({ job, ok: problems.length === 0, problems, notes, run }));
  } else if (problems.length === 0) writeText(io.stdout, reportText(report));
  else
    writeText(io.stderr, `error: ${new ConfigError(problems, { what: file }).message}\n${notesOf(report)}`);
  if (problems.length === 0) return exitCodes.ok.code;
  return isKafkaAlone ? exitCodes.kafka.code : exitCodes.usage.code;
}

async function reportOf(file: string, command: Command, io: Io): Promise<LintReport> {
  const { offline = false }: LintFlags = command.opts();
  const layers = layersOf(command);
  const gathered = new Gathered();
  const nowhere = new Writable({
    write(_chunk, _encoding, done) {
      done();
    },
  });
  const setup = await checkJobSetup(
    file,
    { layers, io, logs: { stream: nowhere, format: 'text' }, needsKafka: !offline },
    gathered,
  );
  const problems = [...layers.problems, ...gathered.problems];
  if (setup === undefined) return { job: file, problems, notes: [], run: undefined, isKafkaAlone: false };
  const [found, stores] = offline ? [] : await Promise.all([lintKafka(setup), lintStores(setup)]);
  problems.push(...(found?.problems ?? []), ...(stores?.problems ?? []));
  return {
    job: file,
    problems: problems.map(hideSecrets),
    notes: [
      ...middlewareWarnings(setup.options.middleware ?? []),
      ...(found?.notes ?? []),
      ...placeNotes(setup),
      ...(stores?.notes ?? []),
    ],
    run: problems.length === 0 ? wouldRun(setup, found, layers.given) : undefined,
    isKafkaAlone: found?.isReached === false && problems.length === found.problems.length,
  };
}

function wouldRun(
  setup: JobSetup,
  found: KafkaFindings | undefined,
  given: ReturnType<typeof layersOf>['given'],
): WouldRun {
  const { job, settings, options, place } = setup;
  const partitions = found?.partitions ?? setup.inputPartitions;
  const isNamed = job.client !== undefined || settings.brokers !== undefined;
  const brokers = isNamed ? brokersOf(options.client) : 'none named';
  return {
    topicProcessorName: job.topicProcessorName,
    group: groupIdOf(job.topicProcessorName),
    inputTopics: job.inputTopics,
    partitions,
    workers: splitPartitions(partitions ?? [], settings.workers ?? 1),
    brokers,
    stores: storesText(job.stores, place?.kind),
    until: settings.toEnd === true ? 'end' : 'stopped',
    settings: [...given]
      .filter(([name]) => !/password|url/i.test(name))
      .map(([name, { value, place: from }]) => ({ name, value, from: from.replace(`: ${name}`, '') })),
    starts: (found?.starts ?? []).map(({ topic, partition, committedOffset: committed, lag }) => ({
      topic,
      partition,
      committed,
      lag,
    })),
  };
}

function brokersOf(client: ClientInit): string | undefined {
  return 'brokers' in client && Array.isArray(client.brokers) ? client.brokers.join(',') : undefined;
}

function storesText(stores: JobSetup['job']['stores'], kind: string | undefined): string {
  if (stores === undefined) return 'none';
  return typeof stores === 'function' ? (kind ?? 'map') : "the job's own";
}

/** Settings that the rows above them show. */
const shownApart: ReadonlySet<string> = new Set(['brokers', 'partitions', 'workers', 'toEnd', 'store']);

function reportText(report: LintReport): string {
  const { run } = report;
  if (run === undefined) return '';
  const { partitions, workers, starts } = run;
  const lag = starts.reduce((sum, each) => sum + (each.lag ?? 0), 0);
  const fresh = starts.filter(({ committed }) => committed === undefined).length;
  const rows: (readonly [string, string] | undefined)[] = [
    [
      'job',
      `${run.topicProcessorName}, until ${run.until === 'end' ? 'the end that the topics have at the start' : 'it is stopped'}`,
    ],
    ['group', run.group],
    ['topics', run.inputTopics.join(', ')],
    ['partitions', partitions === undefined ? 'all' : partitionList(partitions)],
    workers.length < 2
      ? undefined
      : ['workers', workers.map((each, at) => `${at + 1}: ${partitionList(each)}`).join('; ')],
    ['brokers', run.brokers ?? "the job's own client"],
    ['stores', run.stores],
    ...run.settings
      .filter(({ name }) => !shownApart.has(name))
      .map(({ name, value, from }) => [name, `${String(value)} (${from})`] as const),
    starts.length === 0
      ? undefined
      : [
          'to do',
          `${counted(lag, 'record')} behind the end${fresh === 0 ? '' : `, and ${count(fresh)} of ${counted(starts.length, 'partition')} without a committed offset`}`,
        ],
  ];
  const shown = rows.filter((row) => row !== undefined);
  const width = Math.max(...shown.map(([name]) => name.length));
  const lines = shown.map(([name, text]) => `  ${name.padEnd(width)}  ${text}\n`);
  return `${report.job}: no problems\n${lines.join('')}${notesOf(report)}`;
}

function notesOf({ notes }: LintReport): string {
  return notes.map((note) => `note: ${note}\n`).join('');
}
