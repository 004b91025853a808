import type {
  Counter,
  CounterChild,
  Gauge,
  GaugeChild,
  LabelValues,
  MetricOptions,
  MetricsProvider,
  Observer,
  ObserverChild,
} from '../../metrics/index.ts';
import type { MetricsSubject, SeriesReading } from '../../source/testing/index.ts';

/**
 * What a user's own provider may look like: everything in one Map. Its parts are there to be
 * broken.
 */
export class MapMetrics implements MetricsProvider {
  readonly series = new Map<string, { value?: number; count?: number; sum?: number }>();
  readonly refreshes = new Set<() => void>();

  newCounter({ name, labelNames = [] }: MetricOptions): Counter {
    return { labels: (...values) => this.counterChild(this.key(name, labelNames, values)) };
  }

  newGauge({ name, labelNames = [] }: MetricOptions): Gauge {
    return { labels: (...values) => this.gaugeChild(this.key(name, labelNames, values)) };
  }

  newSummary({ name, labelNames = [] }: MetricOptions): Observer {
    return { labels: (...values) => this.summaryChild(this.key(name, labelNames, values)) };
  }

  newHistogram({ name, labelNames = [] }: MetricOptions): Observer {
    return { labels: (...values) => this.histogramChild(this.key(name, labelNames, values)) };
  }

  onCollect(refresh: () => void): () => void {
    this.refreshes.add(refresh);
    return () => {
      this.refreshes.delete(refresh);
    };
  }

  key(name: string, labelNames: readonly string[], values: LabelValues): string {
    return JSON.stringify([name, ...labelNames.map((label, at) => [label, values[at]])]);
  }

  counterChild(key: string): CounterChild {
    return {
      inc: (by = 1) => {
        this.series.set(key, { value: (this.series.get(key)?.value ?? 0) + by });
      },
    };
  }

  gaugeChild(key: string): GaugeChild {
    return {
      set: (value) => {
        this.series.set(key, { value });
      },
    };
  }

  histogramChild(key: string): ObserverChild {
    return {
      observe: (value) => {
        const { count = 0, sum = 0 } = this.series.get(key) ?? {};
        this.series.set(key, { count: count + 1, sum: sum + value });
      },
    };
  }

  summaryChild(key: string): ObserverChild {
    return this.histogramChild(key);
  }
}

/** A subject of the conformance cases. */
export function mapSubject(metrics: MapMetrics): MetricsSubject {
  return {
    metrics,
    read: async (name, labels): Promise<SeriesReading | undefined> => {
      for (const refresh of metrics.refreshes) refresh();
      return metrics.series.get(metrics.key(name, Object.keys(labels), Object.values(labels)));
    },
  };
}
