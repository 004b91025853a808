import type { Command } from 'commander';
import type { MetricsProvider, MetricsSnapshot } from '../../../metrics/index.ts';
import { ConfigError, KasperError, type TopicProcessor } from '../../index.ts';
import { systemClock } from '../../kernel/clock.ts';
import { failureText } from '../terminal/error-text.ts';
import { exitCodeOf, exitCodes } from '../terminal/exit-codes.ts';
import type { Io } from '../terminal/io.ts';
import { metricsFor } from '../job/job-monitor.ts';
import { nothingDone, runHere } from '../job/job-run.ts';
import { setUpJob } from '../job/job-setup.ts';
import { stopLimitMs } from '../terminal/shutdown.ts';
import { unlessAborted } from '../terminal/unless-aborted.ts';
import { lagOf } from '../terminal/run-progress.ts';
import { ParentChannel } from './parent-channel.ts';
import { BEAT_MS, type WorkerReport, type WorkerTask } from './worker-messages.ts';
import { messageOf } from '../../kernel/thrown-text.ts';

/** `kasper worker`: one of several processes of a run, which starts it and sends it its task. */
export function addWorkerCommand(program: Command, io: Io, done: (exitCode: number) => void): void {
  program
    .command('worker', { hidden: true })
    .description('Internal: one of the processes of kasper run --workers.')
    .action(async () => {
      done(await runWorker(io));
    });
}

async function runWorker(io: Io): Promise<number> {
  const parent = ParentChannel.open();
  if (parent === undefined)
    throw new ConfigError(['it is started by kasper run --workers, not by hand'], { what: 'kasper worker' });
  const task = await parent.task;
  if (task === undefined) return exitCodes.ok.code;
  try {
    await work(task, parent, io);
    return exitCodes.ok.code;
  } catch (error) {
    const exitCode = exitCodeOf(error);
    await parent.send({
      kind: 'failed',
      failure: {
        code: KasperError.is(error) ? error.code : 'FAILED',
        message: messageOf(error),
        text: failureText(error),
        exitCode,
      },
    });
    return exitCode;
  }
}

async function work(task: WorkerTask, parent: ParentChannel, io: Io): Promise<void> {
  const { worker, file, cwd, partitions: inputPartitions, json, isScraped, width } = task;
  const given = new Map(task.given);
  const logs = {
    stream: io.stderr,
    format: json ? 'json' : 'text',
    width: () => width,
    fields: { worker },
  } as const;
  const { stopped } = parent;
  const setup = await unlessAborted(setUpJob(file, { layers: { given }, io: { ...io, cwd }, logs }), stopped);
  if (setup === undefined) {
    await parent.send({ kind: 'done', summary: nothingDone, report: null, snapshot: null });
    return;
  }
  const { watched, options } = setup;
  limitStop(stopped, options.closeTimeoutMs, io);
  // Only the command listens, for all workers.
  const metrics = isScraped ? await metricsFor(watched) : watched.metrics;
  parent.onCollect(() => snapshotOf(metrics));
  let last: WorkerReport | undefined;
  const summary = await runHere(
    { ...setup, inputPartitions, watched: { ...watched, metrics, monitor: undefined } },
    { signal: stopped, monitor: undefined },
    (processor) => reportTo(parent, processor, (report) => (last = report)),
  );
  await parent.send({
    kind: 'done',
    summary,
    report: last ?? null,
    snapshot: await snapshotOf(metrics),
  });
}

/** Nothing that the job has opened can keep the worker from stopping, also where the command has gone. */
function limitStop(stopped: AbortSignal, closeTimeoutMs: number | undefined, io: Io): void {
  stopped.addEventListener('abort', () => {
    systemClock
      .after(stopLimitMs(closeTimeoutMs, 1), () => {
        io.exit(exitCodes.timeout.code);
      })
      .unref?.();
  });
}

/** Reports the progress of the processor, each second and at the end. */
function reportTo(
  parent: ParentChannel,
  processor: TopicProcessor,
  keep: (report: WorkerReport) => void,
): () => void {
  let longestBlockMs = 0;
  let before = performance.now();
  const beat = () => {
    const now = performance.now();
    longestBlockMs = Math.max(longestBlockMs, now - before - BEAT_MS);
    before = now;
    const report = { stats: processor.stats(), health: processor.health(), longestBlockMs };
    keep(report);
    void parent.send({ kind: 'beat', report });
  };
  beat();
  const timer = setInterval(beat, BEAT_MS);
  processor.on('started', () => {
    void parent.send({ kind: 'started', total: lagOf(processor.stats()) });
  });
  return () => {
    clearInterval(timer);
    beat();
  };
}

/** The values of metrics that can give them as plain data. */
async function snapshotOf(metrics: MetricsProvider | undefined): Promise<MetricsSnapshot | null> {
  if (metrics === undefined || !hasSnapshot(metrics)) return null;
  return metrics.snapshot();
}

function hasSnapshot(
  metrics: MetricsProvider,
): metrics is MetricsProvider & { snapshot(): Promise<MetricsSnapshot> } {
  return 'snapshot' in metrics && typeof metrics.snapshot === 'function';
}
