import { collectDefaultMetrics, Registry } from 'prom-client';
import type { MetricFamily } from '../metrics-snapshot.ts';
import type { Labels } from './children.ts';
import { toSample, type PromValue } from './prometheus-metric.ts';

/** Gauges whose names end as only a counter's may; they have kin that tell the same by type. */
const misnamed = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

/** What prom-client gives of a metric, its real form. */
interface PromFamily {
  readonly name: string;
  readonly help: string;
  readonly type: unknown;
  readonly aggregator: MetricFamily['aggregation'];
  readonly values: readonly PromValue[];
}

let shared: Registry | undefined;

/**
 * The registry of what is measured of the process as a whole, made when it is asked for first. All providers share it: prom-client never ends
 * the observers that it starts for it.
 */
function processRegistry(): Registry {
  if (shared === undefined) {
    shared = new Registry();
    collectDefaultMetrics({ register: shared });
    for (const name of misnamed) shared.removeSingleMetric(name);
  }
  return shared;
}

/** Starts to measure the process, if nothing did so yet. */
export function measureProcess(): void {
  processRegistry();
}

/** prom-client's metrics of this process (`process_*`, `nodejs_*`), with these labels besides. */
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
