import type { MetricOptions, MetricsProvider } from '../../../metrics/metrics.ts';

/**
 * A provider that keeps values, under `name{label values}`: sums of counters, the last value of
 * gauges, all that was observed.
 */
export class KeptMetrics implements MetricsProvider {
  readonly values = new Map<string, number>();
  readonly observed = new Map<string, number[]>();
  readonly #refreshes = new Set<() => void>();

  /** Brings gauges up to date, as a scrape does. */
  collect(): this {
    for (const refresh of this.#refreshes) refresh();
    return this;
  }

  /** How many wait for a scrape. */
  get collectors(): number {
    return this.#refreshes.size;
  }

  value(name: string, ...labels: readonly string[]): number | undefined {
    return this.values.get(`${name}{${labels.join()}}`);
  }

  /** All label values under which a metric has a value, with it, sorted. */
  all(name: string): [labels: string, value: number][] {
    return [...this.values]
      .filter(([key]) => key.startsWith(`${name}{`))
      .map(([key, value]): [string, number] => [key.slice(name.length + 1, -1), value])
      .sort(([a], [b]) => a.localeCompare(b));
  }

  observations(name: string, ...labels: readonly string[]): readonly number[] {
    return this.observed.get(`${name}{${labels.join()}}`) ?? [];
  }

  newCounter(options: MetricOptions) {
    return {
      labels: (...labels: readonly string[]) => {
        const key = keyOf(options, labels);
        return {
          inc: (by = 1) => {
            if (!(by >= 0)) throw new Error(`${key} goes down by ${by}`);
            this.values.set(key, (this.values.get(key) ?? 0) + by);
          },
        };
      },
    };
  }

  newGauge(options: MetricOptions) {
    return {
      labels: (...labels: readonly string[]) => {
        const key = keyOf(options, labels);
        return { set: (value: number) => void this.values.set(key, value) };
      },
    };
  }

  newSummary(options: MetricOptions) {
    return this.newHistogram(options);
  }

  newHistogram(options: MetricOptions) {
    return {
      labels: (...labels: readonly string[]) => {
        const key = keyOf(options, labels);
        return {
          observe: (value: number) => void this.observed.set(key, [...(this.observed.get(key) ?? []), value]),
        };
      },
    };
  }

  onCollect(refresh: () => void): () => void {
    const own = () => {
      refresh();
    };
    this.#refreshes.add(own);
    return () => this.#refreshes.delete(own);
  }
}

function keyOf({ name, labelNames = [] }: MetricOptions, labels: readonly string[]): string {
  if (labels.length !== labelNames.length || labels.some((label) => typeof label !== 'string'))
    throw new Error(`${name}: ${labels.join()} do not fit its labels ${labelNames.join()}`);
  return `${name}{${labels.join()}}`;
}
