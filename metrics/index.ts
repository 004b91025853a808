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
export { noopMetrics } from './noop.ts';
