import { metricDefinitions } from '../definitions.ts';
import { mergeSnapshots } from './merge-snapshots.ts';
import type { MetricFamily, MetricsSnapshot } from '../metrics-snapshot.ts';

/**
 * Kasper's three metrics: their names, kinds and helps, and the metrics that they are made from.
 */
const kasperMetrics = [
  {
    name: 'kasper_incoming_message_count',
    help: 'Number of incoming messages received',
    source: metricDefinitions.recordsConsumed,
  },
  {
    name: 'kasper_outgoing_message_count',
    help: 'Number of outgoing messages sent',
    source: metricDefinitions.recordsProduced,
  },
  {
    name: 'kasper_messages_behind_high_water_mark_count',
    help: 'Number of messages remaining to consume on the topic/partition',
    source: metricDefinitions.lagRecords,
  },
] as const;

/**
 * The metrics of Kasper (Go), for dashboards that are built on them; labels are topic, partition
 * and `label`. They do not distinguish processors: for several that read one partition, counts are
 * added up, and the largest lag is shown.
 */
export function kasperFamilies({ namespace, kasperLabel, families }: MetricsSnapshot): MetricFamily[] {
  if (kasperLabel === undefined) return [];
  return kasperMetrics.flatMap(({ name, help, source }) => {
    const family = families.find((each) => each.name === `${namespace}_${source.name}`);
    if (family === undefined) return [];
    const perProcessor = family.samples.map(({ value, labels: { topic_processor: _one, ...rest } }) => {
      return { name, value, labels: { ...rest, label: kasperLabel } };
    });
    const { kind, aggregation } = family;
    return mergeSnapshots([
      { namespace, families: [{ name, kind, help, aggregation, samples: perProcessor }] },
    ]).families;
  });
}
