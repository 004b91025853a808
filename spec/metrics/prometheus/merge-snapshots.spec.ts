import test from 'ava';
import { ConfigError } from '../../../source/kernel/errors.ts';
import { metricDefinitions, PrometheusMetrics, type MetricsSnapshot } from '../../../metrics/index.ts';
import { mergeSnapshots } from '../../../metrics/prometheus/merge-snapshots.ts';
import type { PrometheusMetricsOptions } from '../../../metrics/prometheus/prometheus-options.ts';

/** What a process has counted, as it would send it. */
async function snapshotOf(
  fill: (metrics: PrometheusMetrics) => void,
  options: PrometheusMetricsOptions = {},
): Promise<MetricsSnapshot> {
  const metrics = new PrometheusMetrics({ processMetrics: false, ...options });
  fill(metrics);
  return JSON.parse(JSON.stringify(await metrics.snapshot())) as MetricsSnapshot;
}

/** The samples of a merged exposition, without comments. */
async function samples(snapshots: readonly MetricsSnapshot[]): Promise<string[]> {
  const { body } = await PrometheusMetrics.merge(snapshots).expose();
  return body
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#') && !line.includes('build_info'));
}

test('counters of several processes are added up by labels, and those of one alone are kept', async (t) => {
  const worker = (partition: string, records: number) =>
    snapshotOf((metrics) => {
      metrics.newCounter(metricDefinitions.recordsConsumed).labels('job', 'in', partition).inc(records);
      metrics.newCounter(metricDefinitions.recordsRepeated).labels('job').inc(1);
    });
  t.deepEqual(await samples([await worker('0', 3), await worker('1', 4), await worker('0', 5)]), [
    'kasper_records_consumed_total{topic_processor="job",topic="in",partition="0"} 8',
    'kasper_records_consumed_total{topic_processor="job",topic="in",partition="1"} 4',
    'kasper_records_repeated_total{topic_processor="job"} 3',
  ]);
});

test('each gauge becomes one by its own rule: sum, max, min, first; those that are not set say nothing', async (t) => {
  const rules = ['sum', 'max', 'min', 'first'] as const;
  const worker = (value: number) =>
    snapshotOf((metrics) => {
      for (const aggregation of rules) {
        metrics
          .newGauge({ name: `by_${aggregation}`, help: 'G', aggregation })
          .labels()
          .set(value);
      }
      metrics.newGauge({ name: 'unset', help: 'U' }).labels();
    });
  t.deepEqual(await samples([await worker(5), await worker(1), await worker(9)]), [
    'kasper_by_sum 15',
    'kasper_by_max 9',
    'kasper_by_min 1',
    'kasper_by_first 5',
  ]);
  t.deepEqual(await samples([await worker(NaN), await worker(2)]), [
    'kasper_by_sum NaN',
    'kasper_by_max 2',
    'kasper_by_min 2',
    'kasper_by_first NaN',
  ]);
});

test('histograms are added up bucket by bucket', async (t) => {
  const worker = (value: number) =>
    snapshotOf((metrics) => {
      metrics
        .newHistogram({ name: 'h', help: 'H', buckets: [1, 2] })
        .labels()
        .observe(value);
    });
  t.deepEqual(await samples([await worker(0.5), await worker(1.5), await worker(3)]), [
    'kasper_h_bucket{le="1.0"} 1',
    'kasper_h_bucket{le="2.0"} 2',
    'kasper_h_bucket{le="+Inf"} 3',
    'kasper_h_sum 5',
    'kasper_h_count 3',
  ]);
});

test('of summaries the counts and sums are added up, and the largest quantiles taken', async (t) => {
  const worker = (value: number) =>
    snapshotOf((metrics) => {
      metrics.newSummary({ name: 's', help: 'S' }).labels().observe(value);
    });
  t.deepEqual(await samples([await worker(2), await worker(7)]), [
    'kasper_s{quantile="0.5"} 7',
    'kasper_s{quantile="0.9"} 7',
    'kasper_s{quantile="0.99"} 7',
    'kasper_s_sum 9',
    'kasper_s_count 2',
  ]);
});

test('metrics of the processes become those of all: CPU and memory are added up, lags averaged or the largest', async (t) => {
  const snapshot = await snapshotOf(() => undefined, { processMetrics: true });
  const values = (each: MetricsSnapshot, family: string) =>
    each.families.find(({ name }) => name === family)?.samples.map(({ value }) => Number(value));
  const merged = mergeSnapshots([snapshot, snapshot]);
  for (const [family, factor] of [
    ['process_cpu_seconds_total', 2],
    ['process_resident_memory_bytes', 2],
    ['nodejs_eventloop_lag_max_seconds', 1],
    ['nodejs_eventloop_lag_mean_seconds', 1],
  ] as const) {
    const own = values(snapshot, family) ?? [];
    t.true(own.length === 1, family);
    t.deepEqual(
      values(merged, family),
      own.map((value) => value * factor),
      family,
    );
  }
  // There is no one start of several processes.
  t.is(values(merged, 'process_start_time_seconds'), undefined);
});

test('Kasper names come also of merged snapshots', async (t) => {
  const worker = (topicProcessor: string) =>
    snapshotOf(
      (metrics) => {
        metrics.newCounter(metricDefinitions.recordsConsumed).labels(topicProcessor, 'in', '0').inc(3);
      },
      { kasperNames: true, label: 'x' },
    );
  const lines = await samples([await worker('a'), await worker('b')]);
  t.is(lines.at(-1), 'kasper_incoming_message_count{topic="in",partition="0",label="x"} 6');
});

test('no snapshots are no metrics', async (t) => {
  t.is((await PrometheusMetrics.merge([]).expose('openmetrics')).body, '# EOF\n');
});

test('snapshots that do not fit together are refused', async (t) => {
  const message = (snapshots: readonly MetricsSnapshot[]) =>
    t.throws(() => PrometheusMetrics.merge(snapshots), { instanceOf: ConfigError })?.message ?? '';
  const a = await snapshotOf((metrics) =>
    metrics.newHistogram({ name: 'h', help: 'H', buckets: [1] }).labels(),
  );
  const b = await snapshotOf((metrics) =>
    metrics.newHistogram({ name: 'h', help: 'H', buckets: [2] }).labels(),
  );
  const c = await snapshotOf((metrics) => {
    metrics.newGauge({ name: 'h', help: 'H' }).labels().set(1);
  });
  t.is(
    message([a, b]),
    'Snapshots of metrics cannot be merged: kasper_h has several sets of buckets: 1.0, +Inf | 2.0, +Inf. Do all processes run the same version of the program?',
  );
  t.regex(message([a, c]), /kasper_h is a histogram in one and a gauge in another/);
  t.regex(
    message([a, await snapshotOf(() => undefined, { namespace: 'x' })]),
    /several namespaces: kasper, x/,
  );
});
