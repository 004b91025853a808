import { spawnSync } from 'node:child_process';
import test from 'ava';
import parse from 'parse-prometheus-text-format';
import { metricDefinitions, PrometheusMetrics, type MetricDefinition } from '../../metrics/index.ts';
import { findProgram } from '../../scripts/services/programs.ts';
import { testWith } from '../_helpers/servers/services.ts';
import { filledMetrics } from './known-metrics.ts';

const promtool = findProgram('promtool') ?? '';

/**
 * What `promtool check metrics` says of an exposition: what it finds fault with. Its parser is
 * Prometheus's own.
 */
function faults(text: string): { readonly status: number | null; readonly lines: readonly string[] } {
  const { status, stdout, stderr } = spawnSync(promtool, ['check', 'metrics'], {
    input: text,
    encoding: 'utf8',
  });
  return { status, lines: `${stdout}${stderr}`.split('\n').filter((line) => line !== '') };
}

testWith(
  ['promtool'],
  'promtool finds no fault with an exposition of everything, the process included',
  async (t) => {
    const { body } = await filledMetrics().expose();
    t.deepEqual(faults(body), { status: 0, lines: [] });
  },
);

testWith(['promtool'], 'promtool finds no fault with the merged metrics of several processes', async (t) => {
  const snapshots = [await filledMetrics().snapshot(), await filledMetrics().snapshot()];
  const { body } = await PrometheusMetrics.merge(snapshots).expose();
  t.true(body.includes('kasper_bytes_consumed_total{topic_processor="a topic_processor"} 6\n'));
  t.deepEqual(faults(body), { status: 0, lines: [] });
});

testWith(
  ['promtool'],
  'with Kasper names promtool finds fault with exactly those three, and their names alone',
  async (t) => {
    const { body } = await filledMetrics({ kasperNames: true }).expose();
    const { status, lines } = faults(body);
    // 3: it could read everything, and has advice.
    t.is(status, 3);
    const ending = 'non-histogram and non-summary metrics should not have "_count" suffix';
    t.deepEqual([...lines].sort(), [
      'kasper_incoming_message_count counter metrics should have "_total" suffix',
      `kasper_incoming_message_count ${ending}`,
      `kasper_messages_behind_high_water_mark_count ${ending}`,
      'kasper_outgoing_message_count counter metrics should have "_total" suffix',
      `kasper_outgoing_message_count ${ending}`,
    ]);
  },
);

testWith(
  ['promtool'],
  'what is odd in labels, helps and values is read by promtool all the same',
  async (t) => {
    const metrics = new PrometheusMetrics({ processMetrics: false, labels: { odd: 'a"b\\c\nd{}=,é🔑' } });
    const gauge = metrics.newGauge({ name: 'odd', help: 'Two\nlines, a \\ and "quotes"', labelNames: ['x'] });
    for (const value of [NaN, Infinity, -Infinity, 1e21, -0, 5e-324]) gauge.labels(String(value)).set(value);
    metrics.newSummary({ name: 'seen', help: 'Summary' }).labels().observe(1);
    t.deepEqual(faults((await metrics.expose()).body), { status: 0, lines: [] });
  },
);

test('another parser reads every counter and gauge with its kind, labels and value', async (t) => {
  const families = new Map(
    parse((await filledMetrics().expose()).body).map((family) => [family.name, family]),
  );
  for (const { name, kind, help, labelNames = [] } of Object.values<MetricDefinition>(metricDefinitions)) {
    const family = families.get(`kasper_${name}`);
    t.is(family?.type, kind === 'counter' ? 'COUNTER' : kind === 'gauge' ? 'GAUGE' : 'HISTOGRAM', name);
    t.is(family?.help, help);
    if (kind === 'histogram') continue;
    const labels = Object.fromEntries(labelNames.map((label) => [label, `a ${label}`]));
    const expected = { value: kind === 'counter' ? '3' : '2.5', ...(labelNames.length > 0 && { labels }) };
    t.deepEqual(family?.metrics.at(-1), expected, name);
  }
});
