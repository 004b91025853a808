import * as promClient from 'prom-client';
import type { MetricDefinition } from '../definitions.ts';
import { boundText } from '../exposition.ts';
import type { Counter, Gauge, LabelValues, Observer, ObserverChild } from '../metrics.ts';
import { toSnapshotValue, type MetricFamily, type MetricSample } from '../metrics-snapshot.ts';
import { BoundCounter, BoundGauge, BoundSummary, Children, type Labels } from './children.ts';

/** What a metric was declared with, with its full name. */
export interface Declared extends Pick<MetricFamily, 'name' | 'kind' | 'help' | 'aggregation'> {
  readonly labelNames: readonly string[];
  readonly unit: MetricDefinition['unit'];
  readonly buckets: readonly number[];
}

/** A value as prom-client returns it. */
export interface PromValue {
  readonly value: number;
  readonly labels: Partial<Record<string, string | number>>;
  readonly metricName?: string;
}

/** A metric kept in prom-client. */
export abstract class PrometheusMetric {
  readonly declared: Declared;

  constructor(declared: Declared) {
    this.declared = declared;
  }

  /** The values that prom-client has. */
  protected abstract values(): Promise<readonly PromValue[]>;

  /** All of its series, with these labels added. */
  async read(constant: Readonly<Labels>): Promise<MetricFamily> {
    const { name, kind, help, unit, aggregation } = this.declared;
    const samples = (await this.values()).map((value) => toSample(name, value, constant));
    return { name, kind, help, aggregation, ...(unit !== undefined && { unit }), samples };
  }
}

export class PrometheusCounter extends PrometheusMetric implements Counter {
  readonly #metric: promClient.Counter;
  readonly #children: Children<BoundCounter>;

  constructor(declared: Declared, registry: promClient.Registry) {
    super(declared);
    const { name, help, labelNames } = declared;
    const children = new Children(name, labelNames, (labels) => new BoundCounter(labels));
    this.#children = children;
    this.#metric = new promClient.Counter({
      ...{ name, help, labelNames: [...labelNames], registers: [registry] },
      collect() {
        for (const child of children) this.inc(child.labels, child.take());
      },
    });
  }

  labels(...values: LabelValues): BoundCounter {
    return this.#children.of(values);
  }

  protected override async values(): Promise<readonly PromValue[]> {
    return (await this.#metric.get()).values;
  }
}

export class PrometheusGauge extends PrometheusMetric implements Gauge {
  readonly #metric: promClient.Gauge;
  readonly #children: Children<BoundGauge>;

  /** @param before called before its values are read */
  constructor(declared: Declared, registry: promClient.Registry, before?: () => void) {
    super(declared);
    const { name, help, labelNames } = declared;
    const children = new Children(name, labelNames, (labels) => new BoundGauge(labels));
    this.#children = children;
    this.#metric = new promClient.Gauge({
      ...{ name, help, labelNames: [...labelNames], registers: [registry] },
      collect() {
        before?.();
        for (const { labels, value } of children) if (value !== undefined) this.set(labels, value);
      },
    });
    // prom-client shows a gauge without labels as 0 before it was set.
    if (labelNames.length === 0) this.#metric.remove();
  }

  labels(...values: LabelValues): BoundGauge {
    return this.#children.of(values);
  }

  protected override async values(): Promise<readonly PromValue[]> {
    return (await this.#metric.get()).values;
  }
}

export class PrometheusHistogram extends PrometheusMetric implements Observer {
  readonly #metric: promClient.Histogram;
  readonly #children: Children<ObserverChild>;

  constructor(declared: Declared, registry: promClient.Registry) {
    super(declared);
    const { name, help, labelNames, buckets } = declared;
    const metric = new promClient.Histogram({
      ...{ name, help, labelNames: [...labelNames], buckets: [...buckets], registers: [registry] },
    });
    this.#metric = metric;
    this.#children = new Children(name, labelNames, (labels) => {
      metric.zero(labels);
      return metric.labels(labels);
    });
  }

  labels(...values: LabelValues): ObserverChild {
    return this.#children.of(values);
  }

  protected override async values(): Promise<readonly PromValue[]> {
    return (await this.#metric.get()).values;
  }
}

export class PrometheusSummary extends PrometheusMetric implements Observer {
  readonly #metric: promClient.Summary;
  readonly #windowMs: number;
  readonly #children: Children<BoundSummary>;

  constructor(declared: Declared, registry: promClient.Registry, windowMs: number) {
    super(declared);
    const { name, help, labelNames } = declared;
    const metric = new promClient.Summary({
      ...{ name, help, labelNames: [...labelNames], registers: [registry] },
      ...{ percentiles: [0.5, 0.9, 0.99], maxAgeSeconds: windowMs / 1000, ageBuckets: 5 },
    });
    this.#metric = metric;
    this.#windowMs = windowMs;
    this.#children = new Children(name, labelNames, (labels) => {
      const child = metric.labels(labels);
      return new BoundSummary((value) => {
        child.observe(value);
      });
    });
  }

  labels(...values: LabelValues): BoundSummary {
    return this.#children.of(values);
  }

  protected override async values(): Promise<readonly PromValue[]> {
    const { values } = await this.#metric.get();
    const since = performance.now() - this.#windowMs;
    return values.map((each) => {
      if (!('quantile' in each.labels)) return each;
      const own = this.declared.labelNames.map((label) => String(each.labels[label] ?? ''));
      return this.#children.of(own).observedAt < since ? { ...each, value: NaN } : each;
    });
  }
}

/** A value of prom-client as a sample. */
export function toSample(
  family: string,
  { metricName, labels, value }: PromValue,
  constant: Readonly<Labels>,
): MetricSample {
  const entries = Object.entries(labels).map(([label, text]) => {
    const isBound = typeof text === 'number' && (label === 'le' || label === 'quantile');
    return [label, isBound ? boundText(text) : String(text)] as const;
  });
  return {
    name: metricName ?? family,
    labels: { ...Object.fromEntries(entries), ...constant },
    value: toSnapshotValue(value),
  };
}
