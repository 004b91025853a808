import { ConfigError } from '../../source/kernel/errors.ts';
import {
  fromSnapshotValue,
  toSnapshotValue,
  type MetricFamily,
  type MetricSample,
  type MetricsSnapshot,
} from '../metrics-snapshot.ts';

type Combine = (values: readonly number[]) => number;

const total: Combine = (values) => values.reduce((sum, value) => sum + value, 0);
/** NaN is ignored, unless all values are NaN. */
const known = (values: readonly number[]) => values.filter((value) => !Number.isNaN(value));
const largest: Combine = (values) => (known(values).length === 0 ? NaN : Math.max(...known(values)));
const smallest: Combine = (values) => (known(values).length === 0 ? NaN : Math.min(...known(values)));

const combinations: Readonly<Record<Exclude<MetricFamily['aggregation'], 'omit'>, Combine>> = {
  sum: total,
  max: largest,
  min: smallest,
  first: (values) => values[0] ?? NaN,
  average: (values) => total(values) / values.length,
};

/**
 * The metrics of several processes as those of one. Counters, histograms, and the sums and counts
 * of summaries are added up; gauges are combined as their definition says. The quantiles of a
 * summary cannot be added, so the largest is taken.
 *
 * @throws ConfigError if they do not fit together: different namespaces, kinds or buckets under one
 * name
 */
export function mergeSnapshots(snapshots: readonly MetricsSnapshot[]): MetricsSnapshot {
  const namespaces = new Set(snapshots.map(({ namespace }) => namespace));
  if (namespaces.size > 1) throw unfit(`they have several namespaces: ${[...namespaces].join(', ')}`);
  const byName = new Map<string, [MetricFamily, ...MetricFamily[]]>();
  for (const family of snapshots.flatMap(({ families }) => families)) {
    const same = byName.get(family.name);
    if (same === undefined) byName.set(family.name, [family]);
    else same.push(family);
  }
  const kasperLabel = snapshots.find((snapshot) => snapshot.kasperLabel !== undefined)?.kasperLabel;
  return {
    namespace: snapshots[0]?.namespace ?? '',
    ...(kasperLabel !== undefined && { kasperLabel }),
    families: [...byName.values()].flatMap(mergeFamilies),
  };
}

function mergeFamilies(families: readonly [MetricFamily, ...MetricFamily[]]): MetricFamily[] {
  const [first] = families;
  if (first.kind === 'gauge' && first.aggregation === 'omit') return [];
  const other = families.find(({ kind }) => kind !== first.kind);
  if (other !== undefined)
    throw unfit(`${first.name} is a ${first.kind} in one and a ${other.kind} in another`);
  if (first.kind === 'histogram') checkBuckets(families);
  const series = new Map<string, MetricSample[]>();
  for (const sample of families.flatMap(({ samples }) => samples)) {
    const key = JSON.stringify([sample.name, Object.entries(sample.labels).sort()]);
    const same = series.get(key);
    if (same === undefined) series.set(key, [sample]);
    else same.push(sample);
  }
  return [{ ...first, samples: [...series.values()].flatMap((samples) => mergeSamples(first, samples)) }];
}

function mergeSamples({ kind, aggregation }: MetricFamily, samples: readonly MetricSample[]): MetricSample[] {
  const [first] = samples;
  if (first === undefined) return [];
  const isQuantile = kind === 'summary' && 'quantile' in first.labels;
  const combine = kind === 'gauge' && aggregation !== 'omit' ? combinations[aggregation] : total;
  const values = samples.map(({ value }) => fromSnapshotValue(value));
  return [{ ...first, value: toSnapshotValue(isQuantile ? largest(values) : combine(values)) }];
}

/** Counts of buckets with different bounds cannot be added up. */
function checkBuckets(families: readonly MetricFamily[]): void {
  const boundsOf = ({ samples }: MetricFamily) => {
    const bounds = samples.map(({ labels }) => labels['le']).filter((bound) => bound !== undefined);
    return [...new Set(bounds)].join(', ');
  };
  // A histogram without series shows no bounds.
  const all = new Set(families.map(boundsOf).filter((bounds) => bounds !== ''));
  if (all.size > 1)
    throw unfit(`${families[0]?.name ?? ''} has several sets of buckets: ${[...all].join(' | ')}`);
}

function unfit(problem: string): ConfigError {
  return new ConfigError([`${problem}. Do all processes run the same version of the program?`], {
    what: 'Snapshots of metrics cannot be merged',
  });
}
