import type { Monitor, Monitored } from '../../../metrics/index.ts';
import { isMonitorOptions, metricsFor } from './job-monitor.ts';
import type { JobSetup } from './job-setup.ts';
import { StartingJob } from './starting-job.ts';

/**
 * The monitor of a job in one process, which answers from before anything connects: at first of the
 * job that starts, then of its processor.
 */
export class EarlyMonitor implements Monitor, AsyncDisposable {
  readonly job: StartingJob;
  readonly #monitor: Monitor;
  readonly #close: () => Promise<void>;
  #release: () => Promise<void>;

  private constructor(
    job: StartingJob,
    monitor: Monitor,
    { close, release }: { close: () => Promise<void>; release: () => Promise<void> },
  ) {
    this.job = job;
    this.#monitor = monitor;
    this.#close = close;
    this.#release = release;
  }

  /**
   * Listens; undefined for a job that is not watched.
   *
   * @throws ConfigError if it cannot
   */
  static async open({
    job: { topicProcessorName },
    options: { logger },
    watched,
  }: JobSetup): Promise<EarlyMonitor | undefined> {
    const { monitor } = watched;
    if (monitor === undefined) return undefined;
    const job = new StartingJob(topicProcessorName, await metricsFor(watched));
    if (!isMonitorOptions(monitor)) {
      const release = await monitor.watch(job);
      return new EarlyMonitor(job, monitor, { close: () => Promise.resolve(), release });
    }
    const { MonitorServer } = await import('../../../metrics/index.ts');
    const server = new MonitorServer({ ...monitor, logger });
    await server.listen();
    const release = await server.watch(job);
    return new EarlyMonitor(job, server, { close: () => server.close(), release });
  }

  /** Shows the processor in place of the job that starts. */
  async watch(processor: Monitored): Promise<() => Promise<void>> {
    const release = await this.#monitor.watch(processor);
    await this.#releaseJob();
    return release;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#releaseJob();
    await this.#close();
  }

  async #releaseJob(): Promise<void> {
    const release = this.#release;
    this.#release = () => Promise.resolve();
    await release();
  }
}
