import type { Command } from 'commander';
import { TopicProcessor, type RunSummary } from '../index.ts';
import { exitCodes } from './exit-codes.ts';
import type { Io } from './io.ts';
import { setUpJob, type JobSetup } from './job-setup.ts';
import { openStoresOf } from './job-stores.ts';
import { Progress } from './progress.ts';
import { reportProgress } from './run-progress.ts';
import { addSettingFlags, layersOf } from './setting-flags.ts';
import { summaryText } from './run-summary-text.ts';
import { Shutdown } from './shutdown.ts';
import { allPartitions } from './topic-partitions.ts';

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
    .argument('<job>', 'JavaScript file of the job; TypeScript where Node.js can load it (22.18 or later)');
  addSettingFlags(command, 'run', 'connection', 'stores', 'options');
  command.action(async (file: string) => {
    done(await runJob(file, command, io));
  });
}

async function runJob(file: string, command: Command, io: Io): Promise<number> {
  const progress = new Progress(io.stderr);
  using shutdown = new Shutdown({
    io,
    progress,
    onFirst: 'Stopping: the batch in hand is finished and committed first',
  });
  const setup = await setUpJob(file, layersOf(command), io, progress.stream());
  const { job, settings, client, logger, options } = setup;
  await using opened = await openStoresOf(job.stores, setup.place, {
    topicProcessorName: job.topicProcessorName,
    logger,
  });
  const inputPartitions =
    setup.inputPartitions ?? (await allPartitions(client, job.inputTopics, logger, shutdown.signal));
  if (shutdown.requested) return exitCodes.ok.code;

  const processor = new TopicProcessor({ ...options, ...opened.option, inputPartitions }, job.processor);
  const endReport =
    settings.progress === true
      ? reportProgress(processor, progress, settings.toEnd === true)
      : () => undefined;
  let summary: RunSummary;
  try {
    summary = await run(processor, setup, shutdown.signal);
  } finally {
    endReport();
  }
  io.stdout.write(summaryText(job.topicProcessorName, summary, shutdown.requested));
  return exitCodes.ok.code;
}

function run(processor: TopicProcessor, { settings }: JobSetup, signal: AbortSignal): Promise<RunSummary> {
  return settings.toEnd === true ? processor.runToEnd({ signal }) : processor.runLoop({ signal });
}
