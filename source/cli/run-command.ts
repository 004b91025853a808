import { InvalidArgumentError, Option, type Command } from 'commander';
import {
  ConfigError,
  openClient,
  TopicProcessor,
  type ClientInit,
  type Job,
  type Logger,
  type RunSummary,
  type TopicProcessorOptions,
} from '../index.ts';
import { logFormats, logLevels, winstonLogger, type LogFormat, type LogLevel } from '../logging/index.ts';
import { addConnectionFlags, clientOf, type ConnectionFlags } from './connection-flags.ts';
import { exitCodes } from './exit-codes.ts';
import type { Io } from './io.ts';
import { loadJob } from './job-module.ts';
import { openStores } from './opened-stores.ts';
import { addOptionFlags, givenOptions } from './option-flags.ts';
import { parsePartitions } from './partition-ranges.ts';
import { Progress } from './progress.ts';
import { reportProgress } from './run-progress.ts';
import type { StoreUser } from './store-connection.ts';
import { addStoreFlags, storePlaceOf, type StoreFlags, type StorePlace } from './store-flags.ts';
import { summaryText } from './run-summary-text.ts';
import { Shutdown } from './shutdown.ts';

interface RunFlags extends ConnectionFlags, StoreFlags {
  readonly partitions?: number[];
  readonly toEnd?: boolean;
  readonly progress?: boolean;
  readonly logFormat: LogFormat;
  readonly logLevel: LogLevel;
}

/** `kasper run <job>` */
export function addRunCommand(program: Command, io: Io, done: (exitCode: number) => void): void {
  const command = program
    .command('run')
    .showHelpAfterError('(kasper run --help tells more)')
    .summary('run a job: process topics in batches')
    .description(
      'Runs the job that a file exports by default (`export default defineJob({ … })`), until Ctrl-C or, with --to-end, until all that is there now is processed.\n' +
        'Ctrl-C or SIGTERM finishes and commits the batch in hand; the summary goes to standard output, everything else to standard error.',
    )
    .argument('<job>', 'JavaScript file of the job; TypeScript where Node.js can load it (22.18 or later)')
    .optionsGroup('Run:')
    .addOption(
      new Option('-p, --partitions <ranges>', 'such as 0-11,14; default: all, unless the job says').argParser(
        (text) => orInvalid(() => parsePartitions(text)),
      ),
    )
    .option('--to-end', 'stop at the end that the topics have at the start')
    .option('--progress', 'show how far it is: a bar on a terminal, else lines')
    .addOption(new Option('--log-format <format>', 'form of log lines').choices(logFormats).default('text'))
    .addOption(
      new Option('--log-level <level>', 'least level of log lines').choices(logLevels).default('info'),
    )
    .optionsGroup('Connection:');
  addConnectionFlags(command);
  command.optionsGroup('Stores:');
  addStoreFlags(command);
  command.optionsGroup('Options of the TopicProcessor, over those of the job:');
  addOptionFlags(command);
  command.action(async (file: string) => {
    done(await runJob(file, command, io));
  });
}

async function runJob(file: string, command: Command, io: Io): Promise<number> {
  const flags: RunFlags = command.opts();
  const progress = new Progress(io.stderr);
  using shutdown = new Shutdown({
    io,
    progress,
    onFirst: 'Stopping: the batch in hand is finished and committed first',
  });

  const place = storePlaceOf(flags, io);
  const { processor: messageProcessor, stores: jobStores, ...job } = await loadJob(file, io.cwd);
  const client = clientOf(job.client, flags, io);
  const logger = loggerOf(job.logger, flags, command, progress);
  const { topicProcessorName } = job;
  await using opened = await openStoresOf(jobStores, place, { topicProcessorName, logger });
  const options = { ...job, ...givenOptions(command), client, logger, ...opened.option };
  const known = flags.partitions ?? job.inputPartitions;
  // What is wrong with the options is said before anything is asked of Kafka.
  if (known === undefined) checkOptions(options);
  const inputPartitions = known ?? (await allPartitions(client, job.inputTopics, logger, shutdown.signal));
  if (shutdown.requested) return exitCodes.ok.code;

  const processor = new TopicProcessor({ ...options, inputPartitions }, messageProcessor);
  const endReport =
    flags.progress === true ? reportProgress(processor, progress, flags.toEnd === true) : () => undefined;
  let summary: RunSummary;
  try {
    const { signal } = shutdown;
    summary = await (flags.toEnd === true ? processor.runToEnd({ signal }) : processor.runLoop({ signal }));
  } finally {
    endReport();
  }
  io.stdout.write(summaryText(job.topicProcessorName, summary, shutdown.requested));
  return exitCodes.ok.code;
}

/** The job's stores: its own, or those that it makes of what `--store` names, memory by default. */
async function openStoresOf(
  jobStores: Job['stores'],
  place: StorePlace | undefined,
  user: StoreUser,
): Promise<AsyncDisposable & { readonly option: Pick<TopicProcessorOptions, 'stores'> }> {
  if (typeof jobStores === 'function') {
    const opened = await openStores(place ?? { kind: 'map' }, user);
    return {
      option: { stores: jobStores(opened) },
      [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
    };
  }
  if (place !== undefined) {
    throw new ConfigError(
      [
        jobStores === undefined
          ? 'the job asks for no stores: leave --store out'
          : 'the job makes its own stores, which --store cannot change: leave it out, or let the job give a function, `stores: (stores) => ({ name: stores.store(…) })`',
      ],
      { what: 'Stores' },
    );
  }
  return {
    option: jobStores === undefined ? {} : { stores: jobStores },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** The job's own logger, unless flags ask for another. */
function loggerOf(
  jobLogger: Logger | undefined,
  flags: RunFlags,
  command: Command,
  progress: Progress,
): Logger {
  const asked = ['logFormat', 'logLevel'].some((name) => command.getOptionValueSource(name) === 'cli');
  if (jobLogger !== undefined && !asked) return jobLogger;
  return winstonLogger({ format: flags.logFormat, level: flags.logLevel, stream: progress.stream() });
}

/** @throws ConfigError; a TopicProcessor checks its options when it is made, and touches nothing before it runs */
function checkOptions(options: Omit<TopicProcessorOptions, 'inputPartitions'>): void {
  new TopicProcessor({ ...options, inputPartitions: [0] }, { process: () => undefined });
}

/** All partitions that the input topics have now; the TopicProcessor checks that their counts are equal. */
async function allPartitions(
  client: ClientInit,
  inputTopics: readonly string[],
  logger: Logger,
  signal: AbortSignal,
): Promise<number[]> {
  const kafka = openClient(client, { logger });
  const close = () => void kafka.close();
  signal.addEventListener('abort', close, { once: true });
  try {
    await kafka.connect();
    const found = await kafka.describeTopics(inputTopics);
    const missing = inputTopics.filter((topic) => !found.has(topic));
    if (missing.length > 0) {
      throw new ConfigError(
        [
          `${missing.map((topic) => `'${topic}'`).join(', ')} not found: create the topic, or check its name and --brokers`,
        ],
        { what: 'inputTopics' },
      );
    }
    const most = Math.max(...[...found.values()].map(({ partitionCount }) => partitionCount));
    return Array.from({ length: most }, (_, partition) => partition);
  } catch (error) {
    // Closed by a signal: nothing was begun that could fail.
    if (signal.aborted) return [];
    throw error;
  } finally {
    signal.removeEventListener('abort', close);
    await kafka.close();
  }
}

/** Commander shows an InvalidArgumentError beside the flag it belongs to. */
function orInvalid<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof ConfigError) throw new InvalidArgumentError(error.problems.join('; '));
    throw error;
  }
}
