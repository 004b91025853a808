import test from 'ava';
import { metricDefinitions, PrometheusMetrics } from '../../../metrics/index.ts';

function filled(options: {
  kasperNames?: boolean;
  label?: string;
  namespace?: string;
  labels?: Record<string, string>;
}) {
  const metrics = new PrometheusMetrics({ processMetrics: false, ...options });
  const { recordsConsumed, recordsProduced, lagRecords } = metricDefinitions;
  for (const [name, records, lag] of [
    ['one', 3, 10],
    ['other', 4, 7],
  ] as const) {
    metrics.newCounter(recordsConsumed).labels(name, 'in', '0').inc(records);
    metrics.newGauge(lagRecords).labels(name, 'in', '0').set(lag);
  }
  metrics.newCounter(recordsProduced).labels('one', 'out', '2').inc(5);
  return metrics;
}

const kasperLines = (body: string) => body.split('\n').filter((line) => /_count\b/.test(line));

test('Kasper names show its three metrics with its kinds, helps and labels, over all processors', async (t) => {
  const { body } = await filled({ kasperNames: true, label: 'go' }).expose();
  t.deepEqual(kasperLines(body), [
    '# HELP kasper_incoming_message_count Number of incoming messages received',
    '# TYPE kasper_incoming_message_count counter',
    'kasper_incoming_message_count{topic="in",partition="0",label="go"} 7',
    '# HELP kasper_outgoing_message_count Number of outgoing messages sent',
    '# TYPE kasper_outgoing_message_count counter',
    'kasper_outgoing_message_count{topic="out",partition="2",label="go"} 5',
    '# HELP kasper_messages_behind_high_water_mark_count Number of messages remaining to consume on the topic/partition',
    '# TYPE kasper_messages_behind_high_water_mark_count gauge',
    'kasper_messages_behind_high_water_mark_count{topic="in",partition="0",label="go"} 10',
  ]);
});

test('Kasper names keep their own namespace whatever the option, have an empty label by default, and constant labels', async (t) => {
  const { body } = await filled({ kasperNames: true, namespace: 'jobs', labels: { host: 'a' } }).expose();
  t.true(
    body.includes('\nkasper_incoming_message_count{topic="in",partition="0",host="a",label=""} 7\n'),
    body,
  );
  t.true(body.includes('\njobs_records_consumed_total{'));
});

test('with Kasper names everything is text, also for those who ask for OpenMetrics, as Prometheus does first', async (t) => {
  const metrics = filled({ kasperNames: true });
  const text = await metrics.expose('text');
  t.is(text.contentType, 'text/plain; version=0.0.4; charset=utf-8');
  t.deepEqual(await metrics.expose('openmetrics'), text);
  t.deepEqual(await PrometheusMetrics.merge([await metrics.snapshot()]).expose('openmetrics'), text);
});

test('Kasper names are not there unasked', async (t) => {
  for (const format of ['text', 'openmetrics'] as const) {
    t.deepEqual(kasperLines((await filled({}).expose(format)).body), []);
  }
});
