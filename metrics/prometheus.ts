import { Registry } from 'prom-client';
import { checkArguments } from '../source/kernel/check-arguments.ts';
import { ConfigError } from '../source/kernel/errors.ts';
import { isObject } from '../source/kernel/is-object.ts';
import { packageVersion } from '../source/kernel/package-version.ts';
import { metricDefinitions, type MetricDefinition } from './definitions.ts';
import { expose, type Exposition, type ExpositionFormat } from './exposition.ts';
import { kasperFamilies } from './prometheus/kasper-names.ts';
import { mergeSnapshots } from './prometheus/merge-snapshots.ts';
import type { MetricsSnapshot } from './metrics-snapshot.ts';
import type {
  Counter,
  Gauge,
  HistogramOptions,
  MetricOptions,
  MetricsProvider,
  Observer,
} from './metrics.ts';
import { checkDeclaration, sampleNames } from './prometheus/declarations.ts';
import {
  PrometheusCounter,
  PrometheusGauge,
  PrometheusHistogram,
  PrometheusSummary,
  type Declared,
  type PrometheusMetric,
} from './prometheus/prometheus-metric.ts';
import {
  prometheusSettings,
  type PrometheusMetricsOptions,
  type PrometheusSettings,
} from './prometheus/prometheus-options.ts';
import { measureProcess, processFamilies } from './prometheus/process-families.ts';

/**
 * What a metric is declared with; for a gauge of several processes, also how its values become one.
 */
export type PrometheusMetricOptions = MetricOptions & Partial<Pick<MetricDefinition, 'unit' | 'aggregation'>>;

/** Metrics that can be scraped. */
export interface Exposable {
  /** All metrics, in the text format by default. */
  expose(format?: ExpositionFormat): Promise<Exposition>;
}

/** From 5 ms to 10 s, the defaults of prom-client. */
const defaultBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

/**
 * Metrics for Prometheus, in their own prom-client registry. Several processors may share one.
 *
 * A metric may be made several times: each call gives the same one. A counter whose name does not
 * end with `_total` gets that ending, in both formats. Summaries have the quantiles 0.5, 0.9 and
 * 0.99 of the last `summaryWindowMs`.
 *
 * @example
 * const metrics = new PrometheusMetrics({ labels: { host: 'a' } });
 * const processor = new TopicProcessor({ …, metrics, monitor: { port: 9464 } }, messageProcessor);
 */
export class PrometheusMetrics implements MetricsProvider, Exposable {
  /**
   * prom-client's registry with the metrics of this provider, without those of the process. It is
   * for programs that serve their own metrics, by `Registry.merge([register, metrics.registry])`.
   * Kasper's names and OpenMetrics are available only from {@link expose}.
   */
  readonly registry = new Registry();
  readonly #settings: PrometheusSettings;
  readonly #metrics = new Map<string, PrometheusMetric>();
  /** Which metric uses a name of a sample or family. */
  readonly #names = new Map<string, string>();
  readonly #refreshes = new Set<{ readonly refresh: () => void }>();

  /** @throws ConfigError that lists everything that is wrong with the options */
  constructor(options: PrometheusMetricsOptions = {}) {
    this.#settings = prometheusSettings(options);
    this.registry.setDefaultLabels(this.#settings.labels);
    if (this.#settings.processMetrics) measureProcess();
    // Made first, so that prom-client reads it first: then the others are brought up to date before
    // they are read.
    const info = this.#declare('gauge', metricDefinitions.buildInfo);
    const buildInfo = new PrometheusGauge(info, this.registry, () => {
      this.#refresh();
    });
    this.#add(buildInfo);
    buildInfo.labels(packageVersion(), process.version).set(1);
  }

  /** @throws ConfigError if its name or labels are not legal, or another metric has the name */
  newCounter(options: PrometheusMetricOptions): Counter {
    return this.#make(this.#declare('counter', options), PrometheusCounter, (declared) => {
      return new PrometheusCounter(declared, this.registry);
    });
  }

  /** @throws ConfigError as {@link newCounter} */
  newGauge(options: PrometheusMetricOptions): Gauge {
    return this.#make(this.#declare('gauge', options), PrometheusGauge, (declared) => {
      return new PrometheusGauge(declared, this.registry);
    });
  }

  /** @throws ConfigError as {@link newCounter} */
  newSummary(options: PrometheusMetricOptions): Observer {
    return this.#make(this.#declare('summary', options), PrometheusSummary, (declared) => {
      return new PrometheusSummary(declared, this.registry, this.#settings.summaryWindowMs);
    });
  }

  /** The default buckets are from 5 ms to 10 s. @throws ConfigError as {@link newCounter} */
  newHistogram(options: HistogramOptions & PrometheusMetricOptions): Observer {
    return this.#make(this.#declare('histogram', options), PrometheusHistogram, (declared) => {
      return new PrometheusHistogram(declared, this.registry);
    });
  }

  /** Calls `refresh` each time before the values are read. Returns a function that stops this. */
  onCollect(refresh: () => void): () => void {
    const entry = { refresh };
    this.#refreshes.add(entry);
    return () => {
      this.#refreshes.delete(entry);
    };
  }

  /**
   * All metrics, for a scrape: Prometheus's text format 0.0.4, or OpenMetrics 1.0. With
   * `kasperNames` it is always the text format; `contentType` shows which one it is.
   *
   * @throws what a callback of {@link onCollect} threw
   */
  async expose(format: ExpositionFormat = 'text'): Promise<Exposition> {
    return exposeSnapshot(await this.snapshot(), format);
  }

  /** All metrics as plain values, to be sent to another process. @throws as {@link expose} */
  async snapshot(): Promise<MetricsSnapshot> {
    const { namespace, labels, kasperNames, label, processMetrics } = this.#settings;
    const families = await Promise.all([...this.#metrics.values()].map((metric) => metric.read(labels)));
    if (processMetrics) families.push(...(await processFamilies(labels)));
    return { namespace, ...(kasperNames && { kasperLabel: label }), families };
  }

  /**
   * The metrics of several processes as those of one. Counters and histograms are added up, gauges
   * are combined by the aggregation of their definition (default 'sum'), and for the quantiles of a
   * summary the largest is taken.
   *
   * @throws ConfigError if the snapshots do not fit together: different namespaces, kinds or
   * buckets under one name
   */
  static merge(snapshots: readonly MetricsSnapshot[]): Exposable {
    const merged = mergeSnapshots(snapshots);
    return { expose: async (format = 'text') => exposeSnapshot(merged, format) };
  }

  #refresh(): void {
    for (const { refresh } of this.#refreshes) refresh();
  }

  #make<Metric extends PrometheusMetric>(
    declared: Declared,
    type: abstract new (...args: never[]) => Metric,
    make: (declared: Declared) => Metric,
  ): Metric {
    const present = this.#metrics.get(declared.name);
    if (present instanceof type) return present;
    const metric = make(declared);
    this.#add(metric);
    return metric;
  }

  /** @throws ConfigError for what cannot be declared */
  #declare(kind: Declared['kind'], options: HistogramOptions & PrometheusMetricOptions): Declared {
    checkArguments(`${kind} metric`, [
      isObject(options) && typeof options.name === 'string',
      'a metric must be an object { name, help }',
      options,
    ]);
    const { namespace, labels } = this.#settings;
    const { name, help, labelNames = [], unit, aggregation = 'sum', buckets = defaultBuckets } = options;
    const ending = kind === 'counter' && !name.endsWith('_total') ? '_total' : '';
    const declared = {
      name: `${namespace}_${name}${ending}`,
      kind,
      help,
      labelNames,
      unit,
      aggregation,
      buckets,
    };
    const present = this.#metrics.get(declared.name)?.declared;
    const problems = checkDeclaration(declared, present, Object.keys(labels));
    if (present === undefined) {
      for (const taken of sampleNames(declared)) {
        const owner = this.#names.get(taken);
        if (owner !== undefined)
          problems.push(`its series '${taken}' would be mixed up with those of ${owner}`);
      }
    }
    if (problems.length > 0) throw new ConfigError(problems, { what: `Metric ${declared.name}` });
    return declared;
  }

  #add(metric: PrometheusMetric): void {
    this.#metrics.set(metric.declared.name, metric);
    for (const taken of sampleNames(metric.declared)) this.#names.set(taken, metric.declared.name);
  }
}

/**
 * Kasper's names are not legal in OpenMetrics. Prometheus asks for OpenMetrics first, and would
 * never see them: so if they are wanted, it is given text.
 */
function exposeSnapshot(snapshot: MetricsSnapshot, format: ExpositionFormat): Exposition {
  if (snapshot.kasperLabel === undefined) return expose(snapshot.families, format);
  return expose(
    [...snapshot.families, ...kasperFamilies(snapshot)],
    format === 'openmetrics' ? 'text' : format,
  );
}
