import type { MetricsProvider, Monitor, MonitorOptions } from '../../../metrics/index.ts';
import { ConfigError, type Job } from '../../index.ts';
import type { Layers } from '../settings/layers.ts';
import { runSettingsOf } from '../settings/run-settings.ts';

/** How a job is monitored: by the settings, or else as the job says. */
export interface JobMonitor {
  readonly monitor: Monitor | MonitorOptions | undefined;
  /** The job's own; undefined: they are made by what opens the monitor. */
  readonly metrics: MetricsProvider | undefined;
  readonly kasperNames: boolean;
}

/**
 * Puts `--metrics-port`, `--metrics-host` and `--kasper-names` over the job.
 *
 * @throws ConfigError for flags that would change nothing
 */
export function monitorOf(job: Job, layers: Pick<Layers, 'given'>): JobMonitor {
  const { metricsPort, metricsHost, kasperNames } = runSettingsOf(layers);
  const problems: string[] = [];
  const isFlag = (name: string) => layers.given.get(name)?.layer === 'flag';
  const host = metricsHost === undefined ? {} : { host: metricsHost };
  const ofJob = job.monitor;
  const options = isMonitorOptions(ofJob) ? ofJob : {};
  const monitor =
    metricsPort !== undefined
      ? { ...options, port: metricsPort, ...host }
      : isMonitorOptions(ofJob)
        ? { ...ofJob, ...host }
        : ofJob;
  if (!isMonitorOptions(monitor)) {
    if (isFlag('metricsHost')) problems.push('--metrics-host needs --metrics-port');
    if (isFlag('kasperNames') && monitor === undefined) problems.push('--kasper-names needs --metrics-port');
  }
  if (kasperNames === true && job.metrics !== undefined && isFlag('kasperNames')) {
    problems.push(
      'the job has its own metrics, which --kasper-names cannot change: remove that, or let the job give no metrics, or set kasperNames: true where it makes its PrometheusMetrics',
    );
  }
  if (problems.length > 0) throw new ConfigError(problems, { what: 'Metrics' });
  return { monitor, metrics: job.metrics, kasperNames: kasperNames === true };
}

/** The metrics for one process: the job's own, or, if it is watched, PrometheusMetrics. */
export async function metricsFor({
  monitor,
  metrics,
  kasperNames,
}: JobMonitor): Promise<MetricsProvider | undefined> {
  if (metrics !== undefined || monitor === undefined) return metrics;
  const { PrometheusMetrics } = await import('../../../metrics/index.ts');
  return new PrometheusMetrics({ kasperNames });
}

/** Whether these are options of a monitor, and not one that the job made. */
export function isMonitorOptions(monitor: Monitor | MonitorOptions | undefined): monitor is MonitorOptions {
  return monitor !== undefined && 'port' in monitor;
}
