import type { GaugeAggregation } from './definitions.ts';

/** A value in a form that JSON can hold. */
export type SnapshotValue = number | 'NaN' | '+Inf' | '-Inf';

/** One line of an exposition. */
export interface MetricSample {
  /** The name of its family; in histograms and summaries with `_bucket`, `_sum` or `_count`. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: SnapshotValue;
}

/** A metric with all of its series. */
export interface MetricFamily {
  /** With namespace; for a counter with `_total`. */
  readonly name: string;
  readonly kind: 'counter' | 'gauge' | 'histogram' | 'summary';
  readonly help: string;
  readonly unit?: string;
  /** How a gauge's values of several processes become one; 'omit' leaves it out. */
  readonly aggregation: GaugeAggregation | 'average' | 'omit';
  readonly samples: readonly MetricSample[];
}

/** All metrics of a process, as plain values that can be sent to another process as JSON. */
export interface MetricsSnapshot {
  readonly namespace: string;
  /** The value of Kasper's label `label`, where Kasper's names are wanted. */
  readonly kasperLabel?: string;
  readonly families: readonly MetricFamily[];
}

/** A number in a form that JSON can hold: JSON turns numbers that are not finite into null. */
export function toSnapshotValue(value: number): SnapshotValue {
  if (Number.isFinite(value)) return value;
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? '+Inf' : '-Inf';
}

/** The number that a snapshot holds. */
export function fromSnapshotValue(value: SnapshotValue): number {
  if (typeof value === 'number') return value;
  if (value === 'NaN') return NaN;
  return value === '+Inf' ? Infinity : -Infinity;
}
