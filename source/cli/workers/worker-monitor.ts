import { metricDefinitions, noopMetrics } from '../../../metrics/index.ts';
import type { HealthReport, MetricsProvider, Monitor, MonitorOptions } from '../../../metrics/index.ts';
import type { Logger, ProcessorStats } from '../../index.ts';
import type { JobSetup } from '../job/job-setup.ts';
import { isMonitorOptions } from '../job/job-monitor.ts';
import { StartingJob, startingStats } from '../job/starting-job.ts';
import { BEAT_MS } from './worker-messages.ts';
import type { WorkerProcess } from './worker-process.ts';

/** As the monitor of one process. */
const BLOCKED_AFTER_MS = 10_000;

/**
 * The monitor of several workers: their metrics as those of one process, the state and the health
 * of each.
 */
export class WorkerMonitor implements AsyncDisposable {
  readonly #monitor: Monitor;
  readonly #blockedAfterMs: number;
  readonly #name: string;
  readonly #metrics: MetricsProvider;
  readonly #workers: WorkerProcess[] = [];
  readonly #releases: (() => Promise<void>)[] = [];
  readonly #close: () => Promise<void>;
  #endStart: (() => Promise<void>) | undefined;

  private constructor(
    name: string,
    {
      monitor,
      blockedAfterMs,
      close,
    }: { monitor: Monitor; blockedAfterMs: number; close: () => Promise<void> },
    metrics: (workers: readonly WorkerProcess[]) => MetricsProvider,
  ) {
    this.#name = name;
    this.#monitor = monitor;
    this.#blockedAfterMs = blockedAfterMs;
    this.#close = close;
    this.#metrics = metrics(this.#workers);
  }

  /**
   * Listens, before there is any worker; undefined for a job that is not watched.
   *
   * @throws ConfigError if it cannot
   */
  static async openFor({ job, options, watched }: JobSetup): Promise<WorkerMonitor | undefined> {
    if (watched.monitor === undefined) return undefined;
    const { logger } = options;
    return WorkerMonitor.#open(job.topicProcessorName, watched.monitor, { ...watched, logger });
  }

  static async #open(
    name: string,
    monitor: Monitor | MonitorOptions,
    { logger, kasperNames }: { readonly logger: Logger; readonly kasperNames: boolean },
  ): Promise<WorkerMonitor> {
    const { MonitorServer } = await import('../../../metrics/index.ts');
    const metrics = await mergedMetrics(kasperNames);
    if (!isMonitorOptions(monitor)) {
      const close = () => Promise.resolve();
      return new WorkerMonitor(name, { monitor, blockedAfterMs: BLOCKED_AFTER_MS, close }, metrics);
    }
    const server = new MonitorServer({ ...monitor, logger });
    await server.listen();
    const blockedAfterMs = monitor.blockedAfterMs ?? BLOCKED_AFTER_MS;
    return new WorkerMonitor(name, { monitor: server, blockedAfterMs, close: () => server.close() }, metrics);
  }

  /** Shows the job until there is a first worker. */
  async showStart(): Promise<StartingJob> {
    const job = new StartingJob(this.#name, this.#metrics);
    this.#endStart = await this.#monitor.watch(job);
    return job;
  }

  /** Shows a worker until this is closed. */
  async add(worker: WorkerProcess): Promise<void> {
    this.#workers.push(worker);
    const release = await this.#monitor.watch({
      name: `${this.#name}, ${worker.title}`,
      stats: () => statsOf(worker, this.#name),
      health: () => healthOf(worker, this.#blockedAfterMs),
      metrics: this.#metrics,
    });
    this.#releases.push(release);
    await this.#endStart?.();
    this.#endStart = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#endStart?.();
    for (const release of this.#releases) await release();
    await this.#close();
  }
}

/** Asks all workers at each scrape. */
async function mergedMetrics(
  kasperNames: boolean,
): Promise<(workers: readonly WorkerProcess[]) => MetricsProvider> {
  const { PrometheusMetrics } = await import('../../../metrics/index.ts');
  const own = new PrometheusMetrics({ kasperNames });
  const blocked = own.newGauge(metricDefinitions.eventLoopBlockedSeconds).labels();
  const longest = own.newGauge(metricDefinitions.eventLoopLongestBlockSeconds).labels();
  return (workers) => ({
    ...noopMetrics,
    async expose(format?: 'text' | 'openmetrics') {
      const snapshots = await Promise.all(workers.map((worker) => worker.collect()));
      const running = workers.filter(({ end }) => end === undefined);
      blocked.set(Math.max(0, ...running.map(blockedMsOf)) / 1000);
      longest.set(Math.max(0, ...workers.map(longestBlockMsOf)) / 1000);
      const known = snapshots.filter((snapshot) => snapshot !== null);
      return PrometheusMetrics.merge([await own.snapshot(), ...known]).expose(format);
    },
  });
}

/** Beyond the time between two of its beats. */
function blockedMsOf(worker: WorkerProcess): number {
  return worker.report === undefined ? 0 : Math.max(0, worker.silentMs - BEAT_MS);
}

function longestBlockMsOf(worker: WorkerProcess): number {
  return Math.max(worker.end === undefined ? blockedMsOf(worker) : 0, worker.report?.longestBlockMs ?? 0);
}

function healthOf(worker: WorkerProcess, blockedAfterMs: number): HealthReport {
  const { end, report } = worker;
  if (end?.kind === 'failed') return unhealthy(`failed: ${end.failure.message}`);
  if (end !== undefined) return { healthy: true, degraded: false, ready: true, problems: [] };
  if (worker.silentMs > blockedAfterMs) {
    const seconds = Math.round(worker.silentMs / 1000);
    return unhealthy(
      `it has not answered for ${seconds} s: its event loop is blocked, or the process is suspended`,
    );
  }
  return report?.health ?? { healthy: true, degraded: false, ready: false, problems: ['it is starting'] };
}

function unhealthy(problem: string): HealthReport {
  return { healthy: false, degraded: false, ready: false, problems: [problem] };
}

/** Its last stats, with its number; and its failure, which it may not have been able to report. */
function statsOf({ task, end, report }: WorkerProcess, name: string): ProcessorStats & { worker: number } {
  const { worker } = task;
  const stats = report?.stats ?? startingStats(name);
  if (end?.kind !== 'failed') return { ...stats, worker };
  const { code, message } = end.failure;
  return { ...stats, worker, state: 'failed', failure: stats.failure ?? { code, message } };
}
