export { metricDefinitions, type GaugeAggregation, type MetricDefinition } from './definitions.ts';
export type { Exposition, ExpositionFormat } from './exposition.ts';
export type {
  Counter,
  CounterChild,
  Gauge,
  GaugeChild,
  HistogramOptions,
  LabelValues,
  MetricOptions,
  MetricsProvider,
  Observer,
  ObserverChild,
} from './metrics.ts';
export type { MetricFamily, MetricSample, MetricsSnapshot, SnapshotValue } from './metrics-snapshot.ts';
export type { HealthReport, Monitor, Monitored, MonitorOptions } from './monitor.ts';
export { noopMetrics } from './noop.ts';
export { PrometheusMetrics, type Exposable, type PrometheusMetricOptions } from './prometheus.ts';
export type { PrometheusMetricsOptions } from './prometheus/prometheus-options.ts';
export { MonitorServer, type MonitorServerOptions } from './server.ts';
export type { StatsReport } from './stats-report.ts';
