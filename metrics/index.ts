export { metricDefinitions, type GaugeAggregation, type MetricDefinition } from './definitions.ts';
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
export type { HealthReport, Monitor, Monitored, MonitorOptions } from './monitor.ts';
export { noopMetrics } from './noop.ts';
