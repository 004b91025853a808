import type { Command } from 'commander';
import { systemClock } from '../../kernel/clock.ts';
import { exitCodes } from '../terminal/exit-codes.ts';
import type { Io } from '../terminal/io.ts';
import { runHere } from '../job/job-run.ts';
import { setUpJob } from '../job/job-setup.ts';
import { addJsonFlag } from '../terminal/json-output.ts';
import { Progress } from '../terminal/progress.ts';
import { shareOf } from '../settings/partition-share.ts';
import { progressOf, reportProgress } from '../terminal/run-progress.ts';
import { addSettingFlags, layersOf } from '../settings/setting-flags.ts';
import { summaryJson, summaryText, type WholeSummary } from '../terminal/run-summary-text.ts';
import { Shutdown } from '../terminal/shutdown.ts';
import { allPartitions } from '../job/topic-partitions.ts';
import type { WorkerFailure } from '../workers/worker-messages.ts';
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
  using shutdown = new Shutdown({
    io,
    progress,
    onFirst: 'Stopping: the batch in process is finished and committed first',
  });
  const logs = { stream: progress.stream(), format: json ? 'json' : 'text' } as const;
  const layers = layersOf(command);
  const setup = await setUpJob(file, { layers, io, logs });
  const { job, settings, options } = setup;
  const { client, logger, retryTimeoutMs } = options;
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
    if ('failures' in end) return writeFailures(end.failures, io);
    ({ summary } = end);
  } else {
    summary = await runHere(ready, signal, (processor) =>
      showsProgress
        ? reportProgress(progressOf(processor), progress, { isBounded: settings.toEnd === true })
        : () => undefined,
    );
  }
  const text = json ? summaryJson : summaryText;
  io.stdout.write(text(job.topicProcessorName, summary, { stopped: shutdown.requested }));
  return exitCodes.ok.code;
}

/** The first failure decides the exit code. */
function writeFailures(failures: readonly [WorkerFailure, ...WorkerFailure[]], io: Io): number {
  for (const { text } of failures) io.stderr.write(`${text}\n`);
  return failures[0].exitCode;
}
