import test from 'ava';
import { metricDefinitions, type MetricDefinition } from '../../metrics/index.ts';
import { sampleNames } from '../../metrics/prometheus/declarations.ts';

const definitions = Object.entries<MetricDefinition>(metricDefinitions);

/** https://prometheus.io/docs/practices/naming/ and what promtool finds fault with. */
for (const [key, { name, kind, unit, help, labelNames = [], buckets, aggregation }] of definitions) {
  test(`${key} is declared as Prometheus has it: ${name}`, (t) => {
    t.regex(name, /^[a-z]+(_[a-z]+)*$/);
    t.false(name.startsWith('kasper'), 'the namespace comes from the provider');
    t.notRegex(name, /_(counter|gauge|histogram|summary)(_|$)/, 'the kind is no part of the name');
    t.notRegex(name, /(milliseconds|_ms|_minutes|kilobytes|megabytes|_percent)/, 'base units');
    t.is(name.endsWith('_total'), kind === 'counter', 'counters, and no others, end with _total');
    if (kind !== 'counter')
      t.notRegex(name, /_(count|sum|bucket|created)$/, 'endings of series of other kinds');

    if (unit === undefined)
      t.notRegex(name, /(seconds|bytes|records)/, 'a unit in the name must be declared');
    else if (kind === 'counter') t.true(name.split('_').includes(unit), 'the unit is in the name');
    else t.true(name.endsWith(`_${unit}`), 'the name ends with the unit');

    t.is(new Set(labelNames).size, labelNames.length);
    for (const label of labelNames) {
      t.regex(label, /^[a-z]+(_[a-z]+)*$/);
      t.false(
        ['le', 'quantile', 'job', 'instance', 'label'].includes(label),
        `${label} belongs to Prometheus, or to Kasper's names`,
      );
    }
    t.regex(help, /^[A-Z0-9][^\n]*[^.\s]$/, 'a sentence without its full stop');

    t.is(buckets !== undefined, kind === 'histogram');
    t.is(aggregation !== undefined && kind !== 'gauge', false, 'only gauges have an aggregation');
    if (buckets === undefined) return;
    t.true(buckets.length >= 5 && buckets.length <= 20, 'each is a series for each combination of labels');
    t.deepEqual(
      [...buckets],
      [...new Set(buckets)].sort((a, b) => a - b),
    );
    t.true(buckets.every((bound) => bound > 0 && Number.isFinite(bound)));
  });
}

test('no two metrics have series of one name, in either format', (t) => {
  const owners = new Map<string, string>();
  for (const [, { name, kind }] of definitions) {
    for (const taken of sampleNames({ name, kind })) {
      t.is(owners.get(taken), undefined, `${name} and ${owners.get(taken) ?? ''}`);
      owners.set(taken, name);
    }
  }
});

test('what is known of each partition alone is the largest value of several processes, not their sum', (t) => {
  for (const [, { name, kind, labelNames = [], aggregation = 'sum' }] of definitions) {
    if (kind === 'gauge' && labelNames.includes('partition')) t.is(aggregation, 'max', name);
  }
});
