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

/** A counter whose label values are bound. */
export interface CounterChild {
  /** Adds `by`, 1 by default; never negative. */
  inc(by?: number): void;
}

/** Holds the last value. */
export interface Gauge {
  /** Binds label values, once. */
  labels(...values: LabelValues): GaugeChild;
}

/** A gauge whose label values are bound. */
export interface GaugeChild {
  /** Replaces the value. */
  set(value: number): void;
}

/** Quantiles or buckets of observed values. */
export interface Observer {
  /** Binds label values, once. */
  labels(...values: LabelValues): ObserverChild;
}

/** A summary or histogram whose label values are bound. */
export interface ObserverChild {
  /** Records one value, in the unit with which the name of the metric ends. */
  observe(value: number): void;
}

export interface HistogramOptions extends MetricOptions {
  /** Upper bounds of the buckets, in ascending order. */
  readonly buckets?: readonly number[];
}

/** Where metrics go: `noopMetrics`, Prometheus, or a provider of your own. */
export interface MetricsProvider {
  /** Makes a metric that counts up. */
  newCounter(options: MetricOptions): Counter;
  /** Makes a metric that holds its last value. */
  newGauge(options: MetricOptions): Gauge;
  /** Makes a metric of quantiles. */
  newSummary(options: MetricOptions): Observer;
  /** Makes a metric of buckets. */
  newHistogram(options: HistogramOptions): Observer;
  /**
   * Calls back before values are read (a scrape), so that gauges can be brought up to date. Returns
   * a function that stops the callbacks. With a provider without this method, gauges are updated
   * only every `metricsUpdateMs`.
   */
  onCollect?(refresh: () => void): () => void;
}
