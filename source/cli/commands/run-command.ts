import type { Command } from 'commander';
import { systemClock } from '../../kernel/clock.ts';
import { exitCodes } from '../terminal/exit-codes.ts';
import { writeText, type Io } from '../terminal/io.ts';
import { EarlyMonitor } from '../job/early-monitor.ts';
import { runHere } from '../job/job-run.ts';
import { setUpJob } from '../job/job-setup.ts';
import { warnOfMemory } from '../job/job-stores.ts';
import { addJsonFlag } from '../terminal/json-output.ts';
import { Progress } from '../terminal/progress.ts';
import { shareOf } from '../settings/partition-share.ts';
import { progressOf, reportProgress } from '../terminal/run-progress.ts';
import { addSettingFlags, layersOf } from '../settings/setting-flags.ts';
import { summaryJson, summaryText, type WholeSummary } from '../terminal/run-summary-text.ts';
import { Shutdown, stopLimitMs } from '../terminal/shutdown.ts';
import { unlessAborted } from '../terminal/unless-aborted.ts';
import { allPartitions } from '../job/topic-partitions.ts';
import type { WorkerFailure } from '../workers/worker-messages.ts';
import { WorkerMonitor } from '../workers/worker-monitor.ts';
import { runWorkers } from '../workers/workers-run.ts';

/** `kasper run <job>` */
export function addRunCommand(program: Command, io: Io, done: (exitCode: number) => void): void {
  const command = program
    .command('run')
    .summary('run a job: process topics in batches')
    .description(
      'Runs the job that is the default export of a file (`export default defineJob({ … })`), until Ctrl-C or, with --to-end, until everything that is in the topics now is processed.\n' +
        'Ctrl-C or SIGTERM finishes and commits the batch in process. The summary goes to standard output, everything else to standard error.',
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
  let hasBegun = false;
  using shutdown = new Shutdown({
    io,
    progress,
    onFirst: () =>
      hasBegun
        ? 'Stopping: the batch in process is finished and committed first'
        : 'Stopping before the run has begun',
  });
  const { signal } = shutdown;
  signal.addEventListener('abort', () => {
    progress.end();
  });
  const logs = {
    stream: progress.stream(),
    format: json ? 'json' : 'text',
    width: () => io.stderr.columns,
  } as const;
  const layers = layersOf(command);
  const setup = await unlessAborted(setUpJob(file, { layers, io, logs }), signal);
  if (setup === undefined) return exitCodes.ok.code;
  const { job, settings, options } = setup;
  const { client, logger, retryTimeoutMs, firstConnectTimeoutMs } = options;
  // Probes and scrapers are answered from before anything connects.
  const isSpread = (settings.workers ?? 1) > 1;
  await using monitor = isSpread ? undefined : await EarlyMonitor.open(setup);
  await using ofWorkers = isSpread ? await WorkerMonitor.openFor(setup) : undefined;
  const observer = (monitor?.job ?? (await ofWorkers?.showStart()))?.observer;
  const lookUp = { logger, retryTimeoutMs, firstConnectTimeoutMs, observer, signal };
  const known =
    setup.inputPartitions ?? (await unlessAborted(allPartitions(client, job.inputTopics, lookUp), signal));
  if (known === undefined || shutdown.requested) return exitCodes.ok.code;
  shutdown.limit(stopLimitMs(options.closeTimeoutMs, settings.workers === undefined ? 1 : 3));
  hasBegun = true;
  const inputPartitions = shareOf(settings, known);
  const showsProgress = settings.progress ?? (io.stderr.isTTY === true && !json);
  const ready = { ...setup, inputPartitions };
  let summary: WholeSummary;
  if (isSpread) {
    const run = { setup: ready, monitor: ofWorkers, layers, io, progress, showsProgress, shutdown, json };
    const end = await runWorkers(run);
    if ('failures' in end) return writeFailures(end.failures, io);
    ({ summary } = end);
  } else {
    summary = await runHere(ready, { signal, monitor }, (processor) => {
      warnOfMemory(ready);
      return showsProgress
        ? reportProgress(progressOf(processor), progress, { isBounded: settings.toEnd === true })
        : () => undefined;
    });
  }
  const text = json ? summaryJson : summaryText;
  const written = text(job.topicProcessorName, summary, { stopped: shutdown.requested });
  if (json) io.stdout.write(written);
  else writeText(io.stdout, written);
  return exitCodes.ok.code;
}

/** The first failure decides the exit code. */
function writeFailures(failures: readonly [WorkerFailure, ...WorkerFailure[]], io: Io): number {
  for (const { text } of failures) writeText(io.stderr, `${text}\n`);
  return failures[0].exitCode;
}
