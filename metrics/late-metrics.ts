import type { Counter, Gauge, MetricsProvider, Observer } from './metrics.ts';

/** A callback that must be called before values are read. */
interface Waiting {
  readonly refresh: () => void;
  end: (() => void) | undefined;
}

/**
 * A provider that comes later: metrics can be made and bound immediately, and values go to the real
 * provider as soon as it is there. What is recorded before is dropped.
 */
export class LateMetrics implements MetricsProvider {
  #real: MetricsProvider | undefined;
  readonly #waiting = new Set<Waiting>();

  become(real: MetricsProvider): void {
    this.#real = real;
    for (const waiting of this.#waiting) waiting.end = real.onCollect?.(waiting.refresh);
  }

  onCollect(refresh: () => void): () => void {
    const waiting: Waiting = { refresh, end: this.#real?.onCollect?.(refresh) };
    this.#waiting.add(waiting);
    return () => {
      this.#waiting.delete(waiting);
      waiting.end?.();
    };
  }

  newCounter(options: Parameters<MetricsProvider['newCounter']>[0]): Counter {
    const metric = this.#late((real) => real.newCounter(options));
    return {
      labels: (...values) => {
        const child = this.#late(() => metric()?.labels(...values));
        return { inc: (by) => child()?.inc(by) };
      },
    };
  }

  newGauge(options: Parameters<MetricsProvider['newGauge']>[0]): Gauge {
    const metric = this.#late((real) => real.newGauge(options));
    return {
      labels: (...values) => {
        const child = this.#late(() => metric()?.labels(...values));
        return { set: (value) => child()?.set(value) };
      },
    };
  }

  newSummary(options: Parameters<MetricsProvider['newSummary']>[0]): Observer {
    return this.#observer((real) => real.newSummary(options));
  }

  newHistogram(options: Parameters<MetricsProvider['newHistogram']>[0]): Observer {
    return this.#observer((real) => real.newHistogram(options));
  }

  #observer(make: (real: MetricsProvider) => Observer): Observer {
    const metric = this.#late(make);
    return {
      labels: (...values) => {
        const child = this.#late(() => metric()?.labels(...values));
        return { observe: (value) => child()?.observe(value) };
      },
    };
  }

  /** Made at the first use after the real provider has come. */
  #late<T>(make: (real: MetricsProvider) => T): () => T | undefined {
    let made: T | undefined;
    return () => (this.#real === undefined ? undefined : (made ??= make(this.#real)));
  }
}
