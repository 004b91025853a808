import type { MetricsProvider } from '../../metrics/metrics.ts';
import type { Monitored } from '../../metrics/monitor.ts';
import { isMonitor } from '../config/monitor-option.ts';
import type { Config } from '../config/config.ts';
import { LateMetrics } from '../../metrics/late-metrics.ts';

/**
 * Begins to show a processor by its option `monitor`. The server, and the metrics where none were
 * given, are loaded only where they are wanted.
 *
 * @returns what ends it
 * @throws ConfigError when it cannot listen
 */
export async function openMonitor(
  { monitor, metrics, logger }: Pick<Config, 'monitor' | 'metrics' | 'logger'>,
  monitored: Omit<Monitored, 'metrics'>,
): Promise<() => Promise<void>> {
  if (monitor === undefined) return () => Promise.resolve();
  const shown = { ...monitored, metrics: await provided(metrics) };
  if (isMonitor(monitor)) return monitor.watch(shown);
  const { MonitorServer } = await import('../../metrics/server.ts');
  return new MonitorServer({ ...monitor, logger }).watch(shown);
}

async function provided(metrics: MetricsProvider): Promise<MetricsProvider> {
  if (!(metrics instanceof LateMetrics)) return metrics;
  const { PrometheusMetrics } = await import('../../metrics/prometheus.ts');
  const prometheus = new PrometheusMetrics();
  metrics.become(prometheus);
  return prometheus;
}
