/** Values for a metric's labels, in the order of its label names. */
export type LabelValues = readonly string[];

/** What every metric is declared with. */
export interface MetricOptions {
  /** Without namespace: `records_total`. */
  readonly name: string;
  readonly help: string;
  readonly labelNames?: readonly string[];
}

/** Counts up. */
export interface Counter {
  /** Bind label values once, outside the loop; the child is cheap to use. */
  labels(...values: LabelValues): CounterChild;
}

export interface CounterChild {
  inc(by?: number): void;
}

/** Holds the last value. */
export interface Gauge {
  labels(...values: LabelValues): GaugeChild;
}

export interface GaugeChild {
  set(value: number): void;
}

/** Quantiles or buckets of observed values. */
export interface Observer {
  labels(...values: LabelValues): ObserverChild;
}

export interface ObserverChild {
  observe(value: number): void;
}

export interface HistogramOptions extends MetricOptions {
  /** Upper bounds of the buckets, rising. */
  readonly buckets?: readonly number[];
}

/** Where metrics go: `noopMetrics`, Prometheus, or a provider of your own. */
export interface MetricsProvider {
  newCounter(options: MetricOptions): Counter;
  newGauge(options: MetricOptions): Gauge;
  newSummary(options: MetricOptions): Observer;
  newHistogram(options: HistogramOptions): Observer;
}
