import { systemClock, type Timer } from '../../kernel/clock.ts';
import { partitionList } from '../../kernel/partition-list.ts';
import { byTopicAndPartition } from '../../kernel/topic-partition.ts';
import type { Io } from '../terminal/io.ts';
import type { JobSummary, ReadyJob } from '../job/job-run.ts';
import { warnOfMemory } from '../job/job-stores.ts';
import type { Layers } from '../settings/layers.ts';
import type { Progress } from '../terminal/progress.ts';
import { lagOf, reportProgress } from '../terminal/run-progress.ts';
import type { WholeSummary } from '../terminal/run-summary-text.ts';
import { stopLimitMs, type Shutdown } from '../terminal/shutdown.ts';
import type { WorkerFailure } from './worker-messages.ts';
import type { WorkerMonitor } from './worker-monitor.ts';
import { WorkerProcess, type WorkerEnd } from './worker-process.ts';
import { splitPartitions } from '../settings/worker-split.ts';

/**
 * Within this time a worker knows whether another process has its partitions: owners show a sign of
 * life every 3 s.
 */
const REFUSED_WITHIN_MS = 4_500;

/** What several workers need to know, and what they share. */
export interface WorkersRun {
  readonly setup: ReadyJob;
  /** undefined: the job is not watched. */
  readonly monitor: WorkerMonitor | undefined;
  readonly layers: Pick<Layers, 'given'>;
  readonly io: Io;
  readonly progress: Progress;
  readonly showsProgress: boolean;
  readonly shutdown: Shutdown;
  readonly json: boolean;
}

/** How all workers ended. */
export type WorkersEnd =
  | { readonly summary: WholeSummary }
  /** The first failure, and then those that followed while the others stopped. */
  | { readonly failures: readonly [WorkerFailure, ...WorkerFailure[]] };

/**
 * Spreads the partitions over processes that each run the job for theirs. When one fails, the
 * others finish and commit the batches in process, and stop; none is started again.
 */
export async function runWorkers(run: WorkersRun): Promise<WorkersEnd> {
  const { setup, monitor, layers, io, progress, shutdown, json } = run;
  const { settings, options, watched, inputPartitions } = setup;
  const parts = splitPartitions(inputPartitions, settings.workers ?? 1);
  warnOfLimits(setup, parts.length);
  if (shutdown.requested) return { summary: joined([]) };
  const workers = parts.map(
    (partitions, at) =>
      new WorkerProcess({
        task: {
          worker: at + 1,
          file: setup.file,
          cwd: io.cwd,
          partitions,
          given: [...layers.given],
          json,
          isScraped: watched.monitor !== undefined,
          width: io.stderr.columns,
        },
        surroundings: { io, progress, shutdown },
      }),
  );
  const limitMs = stopLimitMs(options.closeTimeoutMs, 2);
  const stop = () => {
    for (const worker of workers) worker.stop(limitMs);
  };
  const stopWhenKnown = () => {
    for (const worker of workers) {
      void claimsKnown(worker).then(() => {
        worker.stop(limitMs);
      });
    }
  };
  using _killed = shutdown.beforeExit(() => {
    for (const worker of workers) worker.kill();
  });
  if (shutdown.signal.aborted) stop();
  else shutdown.signal.addEventListener('abort', stop, { once: true });
  for (const worker of workers) await monitor?.add(worker);
  const endReport = run.showsProgress ? reportAll(workers, run) : () => undefined;
  try {
    return await allEnded(workers, run, { stop, stopWhenKnown });
  } finally {
    shutdown.signal.removeEventListener('abort', stop);
    endReport();
  }
}

/** Resolves when it is known whether a worker has its partitions. */
async function claimsKnown({ started, ended }: WorkerProcess): Promise<void> {
  let timer: Timer | undefined;
  const late = new Promise<void>((resolve) => {
    timer = systemClock.after(REFUSED_WITHIN_MS, resolve);
  });
  await Promise.race([started, ended, late]);
  timer?.cancel();
}

/** How the workers that are left are stopped. */
interface Stops {
  readonly stop: () => void;
  /** Those first that have their partitions: the others may have to say who has theirs. */
  readonly stopWhenKnown: () => void;
}

function warnOfLimits(setup: ReadyJob, count: number): void {
  const { job, settings, place, options, inputPartitions } = setup;
  warnOfMemory(setup);
  const { logger } = options;
  const { workers: asked = 1 } = settings;
  if (count < asked) {
    logger.warn('Fewer workers than asked for: a partition is read by one worker', {
      workers: count,
      asked,
      partitions: partitionList(inputPartitions),
    });
  }
  if (typeof job.stores === 'function' && (place?.kind ?? 'map') === 'map' && count > 1) {
    logger.warn('Stores in memory are not shared: each worker has its own (--store map)', { workers: count });
  }
}

function reportAll(workers: readonly WorkerProcess[], { progress, setup }: WorkersRun): () => void {
  const sum = (each: (worker: WorkerProcess) => number) =>
    workers.reduce((total, worker) => total + each(worker), 0);
  const isKnown = (worker: WorkerProcess) => worker.total !== undefined || worker.end !== undefined;
  return reportProgress(
    {
      total: () => (workers.every(isKnown) ? sum(({ total = 0 }) => total) : undefined),
      figures: () => ({
        records: sum(({ report }) => report?.stats.records ?? 0),
        lag: sum(({ report }) => (report === undefined ? 0 : lagOf(report.stats))),
      }),
    },
    progress,
    { isBounded: setup.settings.toEnd === true },
  );
}

async function allEnded(
  workers: readonly WorkerProcess[],
  { setup, shutdown }: WorkersRun,
  { stop, stopWhenKnown }: Stops,
): Promise<WorkersEnd> {
  const failures: WorkerFailure[] = [];
  let isStopping = false;
  const onEnd = (worker: WorkerProcess, end: WorkerEnd) => {
    if (end.kind === 'failed') failures.push(named(worker, end.failure));
    // In a run without end, nobody takes over the partitions of a worker that ends.
    const isOver = end.kind === 'failed' || setup.settings.toEnd !== true;
    if (isStopping || shutdown.requested || !isOver) return;
    isStopping = true;
    if (workers.some((each) => each.end === undefined)) {
      setup.options.logger.warn(
        'A worker has ended; the others finish and commit the batches in process, and stop',
        {
          worker: worker.task.worker,
          pid: worker.pid,
          partitions: partitionList(worker.task.partitions),
        },
      );
    }
    // A process that has the partitions of one may have those of others, too: all are reported.
    if (end.kind === 'failed' && end.failure.code === 'ASSIGNMENT') stopWhenKnown();
    else stop();
  };
  const ends = await Promise.all(
    workers.map(async (worker) => {
      const end = await worker.ended;
      onEnd(worker, end);
      return end;
    }),
  );
  const [first, ...others] = failures;
  if (first !== undefined) return { failures: [first, ...others] };
  return { summary: joined(ends.flatMap((end) => (end.kind === 'done' ? [end.summary] : []))) };
}

/** With the worker's name, which the worker itself does not know. */
function named({ title }: WorkerProcess, failure: WorkerFailure): WorkerFailure {
  if (failure.code === 'WORKER') return failure;
  return { ...failure, text: failure.text.replace(/^error: /, `error: ${title}: `) };
}

function joined(summaries: readonly JobSummary[]): WholeSummary {
  const sum = (each: (summary: JobSummary) => number) =>
    summaries.reduce((total, summary) => total + each(summary), 0);
  const partitions = summaries.flatMap((each) => each.partitions);
  const lost = new Map<string, number>();
  for (const { lostStores = [] } of summaries)
    for (const { name, keys } of lostStores) lost.set(name, (lost.get(name) ?? 0) + keys);
  return {
    records: sum(({ records }) => records),
    batches: sum(({ batches }) => batches),
    sent: sum(({ sent }) => sent),
    tally: {
      retried: sum(({ tally }) => tally.retried),
      dead_lettered: sum(({ tally }) => tally.dead_lettered),
      skipped: sum(({ tally }) => tally.skipped),
    },
    durationMs: Math.max(0, ...summaries.map(({ durationMs }) => durationMs)),
    partitions: partitions.toSorted(byTopicAndPartition),
    openTransactions: summaries.flatMap(({ openTransactions }) => openTransactions),
    workers: summaries.map((summary, at) => ({ worker: at + 1, ...summary })),
    ...(lost.size === 0 ? {} : { lostStores: [...lost].map(([name, keys]) => ({ name, keys })) }),
  };
}
