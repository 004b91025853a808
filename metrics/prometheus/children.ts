import { ConfigError } from '../../source/kernel/errors.ts';
import type { CounterChild, GaugeChild, LabelValues, ObserverChild } from '../metrics.ts';

/** The labels of one series. */
export type Labels = Record<string, string>;

/** The children of a metric: one for each combination of label values, made at its first use. */
export class Children<Child> {
  readonly #metric: string;
  readonly #labelNames: readonly string[];
  readonly #make: (labels: Labels) => Child;
  readonly #children = new Map<string, Child>();
  readonly #hashes = new Set<string>();

  constructor(metric: string, labelNames: readonly string[], make: (labels: Labels) => Child) {
    this.#metric = metric;
    this.#labelNames = labelNames;
    this.#make = make;
  }

  /** @throws ConfigError unless there is a string for each label */
  of(values: LabelValues): Child {
    const key = JSON.stringify(values);
    const present = this.#children.get(key);
    if (present !== undefined) return present;
    const names = this.#labelNames;
    if (values.length !== names.length || values.some((value) => typeof value !== 'string')) {
      throw this.#unfit(
        `labels(${key.slice(1, -1)}) must give a string for each of its labels: ${names.join(', ')}`,
      );
    }
    const labels = Object.fromEntries(names.map((name, at) => [name, values[at] ?? '']));
    // prom-client finds a series by this string alone: two that share it would be counted as one.
    const hash = [...names]
      .sort()
      .map((name) => `${name}:${labels[name] ?? ''},`)
      .join('');
    if (this.#hashes.has(hash)) {
      throw this.#unfit(
        `labels(${key.slice(1, -1)}) cannot be told apart from other values, because of the commas and colons in them`,
      );
    }
    this.#hashes.add(hash);
    const child = this.#make(labels);
    this.#children.set(key, child);
    return child;
  }

  [Symbol.iterator](): Iterator<Child> {
    return this.#children.values();
  }

  #unfit(problem: string): ConfigError {
    return new ConfigError([problem], { what: `Metric ${this.#metric}` });
  }
}

/**
 * Counts in its own field, which is added to prom-client's counter when values are read. Each `inc`
 * of prom-client would build a string of all labels again, at a hundred times the cost.
 */
export class BoundCounter implements CounterChild {
  readonly labels: Labels;
  #pending = 0;

  constructor(labels: Labels) {
    this.labels = labels;
  }

  /**
   * @throws RangeError for a negative value or one that is not a number: the sum would never
   * recover
   */
  inc(by = 1): void {
    if (!(by >= 0 && by < Infinity)) throw new RangeError(`A counter cannot be raised by ${String(by)}`);
    this.#pending += by;
  }

  /** What was added since the last call. */
  take(): number {
    const pending = this.#pending;
    this.#pending = 0;
    return pending;
  }
}

/** Holds the value until it is read. A gauge that was never set is not shown. */
export class BoundGauge implements GaugeChild {
  readonly labels: Labels;
  value: number | undefined;

  constructor(labels: Labels) {
    this.labels = labels;
  }

  /** @throws TypeError for what is not a number */
  set(value: number): void {
    if (typeof value !== 'number') throw new TypeError(`A gauge cannot be set to ${String(value)}`);
    this.value = value;
  }
}

/** Remembers when it was last used, so that quantiles of nothing are not shown as 0. */
export class BoundSummary implements ObserverChild {
  readonly #observe: (value: number) => void;
  /** Monotonic, ms. */
  observedAt = -Infinity;

  constructor(observe: (value: number) => void) {
    this.#observe = observe;
  }

  /** @throws TypeError for what is not a finite number */
  observe(value: number): void {
    this.#observe(value);
    this.observedAt = performance.now();
  }
}
