import type { Command } from 'commander';
import { systemClock } from '../kernel/clock.ts';
import { exitCodes } from './exit-codes.ts';
import type { Io } from './io.ts';
import { runHere } from './job-run.ts';
import { setUpJob } from './job-setup.ts';
import { addJsonFlag } from './json-output.ts';
import { Progress } from './progress.ts';
import { shareOf } from './partition-share.ts';
import { progressOf, reportProgress } from './run-progress.ts';
import { addSettingFlags, layersOf } from './setting-flags.ts';
import { summaryJson, summaryText, type WholeSummary } from './run-summary-text.ts';
import { Shutdown } from './shutdown.ts';
import { allPartitions } from './topic-partitions.ts';
import type { WorkerFailure } from './worker-messages.ts';
import { runWorkers } from './workers-run.ts';

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
  addJsonFlag(command);
  addSettingFlags(command, 'run', 'connection', 'stores', 'options');
  command.action(async (file: string) => {
    done(await runJob(file, command, io));
  });
}

async function runJob(file: string, command: Command, io: Io): Promise<number> {
  const json = command.getOptionValue('json') === true;
  const progress = new Progress(io.stderr, systemClock, { json });
  using shutdown = new Shutdown({
    io,
    progress,
    onFirst: 'Stopping: the batch in hand is finished and committed first',
  });
  const logs = { stream: progress.stream(), format: json ? 'json' : 'text' } as const;
  const layers = layersOf(command);
  const setup = await setUpJob(file, layers, io, logs);
  const { job, settings, client, logger } = setup;
  const { retryTimeoutMs } = setup.options;
  const known =
    setup.inputPartitions ??
    (await allPartitions(client, job.inputTopics, { logger, retryTimeoutMs, signal: shutdown.signal }));
  if (shutdown.requested) return exitCodes.ok.code;
  const inputPartitions = shareOf(settings, known);
  const showsProgress = settings.progress ?? (io.stderr.isTTY === true && !json);
  const ready = { ...setup, inputPartitions };
  const { signal } = shutdown;
  let summary: WholeSummary;
  if ((settings.workers ?? 1) > 1) {
    const run = { setup: ready, layers, io, progress, showsProgress, shutdown, json };
    const end = await runWorkers(run);
    if ('failures' in end) return tellFailures(end.failures, io);
    ({ summary } = end);
  } else {
    summary = await runHere(ready, signal, (processor) =>
      showsProgress
        ? reportProgress(progressOf(processor), progress, settings.toEnd === true)
        : () => undefined,
    );
  }
  const text = json ? summaryJson : summaryText;
  io.stdout.write(text(job.topicProcessorName, summary, shutdown.requested));
  return exitCodes.ok.code;
}

/** The first one decides the exit code. */
function tellFailures(failures: readonly [WorkerFailure, ...WorkerFailure[]], io: Io): number {
  for (const { text } of failures) io.stderr.write(`${text}\n`);
  return failures[0].exitCode;
}
