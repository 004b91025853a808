import { metricDefinitions, PrometheusMetrics, type MetricDefinition } from '../../metrics/index.ts';
import type { KnownMetric } from './promql.ts';

/** A provider in which every metric has a series, and Kasper's names if they are wanted. */
export function filledMetrics(options: { readonly kasperNames?: boolean } = {}): PrometheusMetrics {
  const metrics = new PrometheusMetrics({
    ...options,
    ...(options.kasperNames === true && { label: 'spec' }),
  });
  for (const definition of Object.values<MetricDefinition>(metricDefinitions)) {
    const values = (definition.labelNames ?? []).map((label) => `a ${label}`);
    if (definition.kind === 'counter')
      metrics
        .newCounter(definition)
        .labels(...values)
        .inc(3);
    if (definition.kind === 'gauge')
      metrics
        .newGauge(definition)
        .labels(...values)
        .set(2.5);
    if (definition.kind === 'histogram')
      metrics
        .newHistogram(definition)
        .labels(...values)
        .observe(0.3);
  }
  return metrics;
}

/**
 * Every metric that a process shows, by its full name: those of definitions.ts, and prom-client's
 * of the process.
 */
export async function knownMetrics(): Promise<ReadonlyMap<string, KnownMetric>> {
  const known = new Map<string, KnownMetric>(
    Object.values<MetricDefinition>(metricDefinitions).map((definition) => [
      `kasper_${definition.name}`,
      definition,
    ]),
  );
  const { families } = await new PrometheusMetrics().snapshot();
  for (const { name, kind, samples } of families) {
    if (name.startsWith('kasper_')) continue;
    const labels = new Set(samples.flatMap((sample) => Object.keys(sample.labels)));
    // No collection of garbage may have happened yet.
    if (name === 'nodejs_gc_duration_seconds') labels.add('kind');
    known.set(name, { kind, labelNames: [...labels] });
  }
  return known;
}
