import { collectDefaultMetrics, Registry } from 'prom-client';
import type { MetricFamily } from '../metrics-snapshot.ts';
import type { Labels } from './children.ts';
import { toSample, type PromValue } from './prometheus-metric.ts';

/** Gauges with names that only a counter may have; other metrics give the same values by type. */
const misnamed = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

/** A metric as prom-client really returns it. */
interface PromFamily {
  readonly name: string;
  readonly help: string;
  readonly type: unknown;
  readonly aggregator: MetricFamily['aggregation'];
  readonly values: readonly PromValue[];
}

let shared: Registry | undefined;

/**
 * The registry of what is measured for the process as a whole, made at its first use. All providers
 * share it: prom-client never stops the observers that it starts for it.
 */
function processRegistry(): Registry {
  if (shared === undefined) {
    shared = new Registry();
    collectDefaultMetrics({ register: shared });
    for (const name of misnamed) shared.removeSingleMetric(name);
  }
  return shared;
}

/** Starts to measure the process, unless that was done already. */
export function measureProcess(): void {
  processRegistry();
}

/** prom-client's metrics of this process (`process_*`, `nodejs_*`), with these labels added. */
export async function processFamilies(constant: Readonly<Labels>): Promise<MetricFamily[]> {
  const families: readonly PromFamily[] = await processRegistry().getMetricsAsJSON();
  return families.map(({ name, help, type, aggregator, values }) => {
    const unit = /_(seconds|bytes)$/.exec(name)?.[1];
    return {
      name,
      kind: type as MetricFamily['kind'],
      help,
      ...(unit !== undefined && { unit }),
      aggregation: aggregator,
      samples: values.map((value) => toSample(name, value, constant)),
    };
  });
}
