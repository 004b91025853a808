import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { metricDefinitions, type MetricDefinition } from '../../../metrics/definitions.ts';
import type { MetricsCase, MetricsSubject, SeriesReading } from './metrics-subject.ts';

export type { MetricsCase, MetricsFeature, MetricsSubject, SeriesReading } from './metrics-subject.ts';

/** A name that every system of metrics takes. */
const fresh = (ending: string) => `case_${randomUUID().replaceAll('-', '')}_${ending}`;

const help = 'Made by a conformance case';

async function reading(
  subject: MetricsSubject,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<SeriesReading | undefined> {
  assert.ok(subject.read !== undefined, 'the subject must have a read function for this case');
  return subject.read(name, labels);
}

/**
 * What a processor relies on in a `MetricsProvider`. Check a provider of your own with a loop over
 * these cases.
 *
 * @example
 * for (const { title, requires, run } of metricsConformance) {
 *   if (requires === 'on-collect') continue; // has no onCollect
 *   test(title, () => run({ metrics: new MyMetrics(), read: (name, labels) => … }));
 * }
 */
export const metricsConformance: readonly MetricsCase[] = Object.freeze<MetricsCase[]>([
  {
    title: 'every metric of a processor can be made and used, twice over',
    async run({ metrics }) {
      const all = Object.values<MetricDefinition>(metricDefinitions);
      for (const definition of [...all, ...all]) {
        const { kind, labelNames = [] } = definition;
        const values = labelNames.map((label) => `the ${label}`);
        if (kind === 'counter')
          metrics
            .newCounter(definition)
            .labels(...values)
            .inc(1);
        if (kind === 'gauge')
          metrics
            .newGauge(definition)
            .labels(...values)
            .set(1);
        if (kind === 'histogram')
          metrics
            .newHistogram(definition)
            .labels(...values)
            .observe(1);
      }
      metrics
        .newSummary({ name: fresh('seconds'), help })
        .labels()
        .observe(1);
    },
  },
  {
    title: 'counting gives nothing back: a promise that rejects would be lost',
    async run({ metrics }) {
      const counter = metrics.newCounter({ name: fresh('total'), help }).labels();
      const gauge = metrics.newGauge({ name: fresh('now'), help }).labels();
      const histogram = metrics.newHistogram({ name: fresh('bytes'), help }).labels();
      const summary = metrics.newSummary({ name: fresh('seconds'), help }).labels();
      const calls: readonly (() => unknown)[] = [
        counter.inc.bind(counter),
        gauge.set.bind(gauge, 1),
        histogram.observe.bind(histogram, 1),
        summary.observe.bind(summary, 1),
      ];
      const given = calls.map((call) => call());
      assert.deepEqual(given, [undefined, undefined, undefined, undefined]);
    },
  },
  {
    title: 'a counter adds up, by 1 where no value is given, and nothing for 0',
    requires: 'reads',
    async run(subject) {
      const name = fresh('total');
      const child = subject.metrics.newCounter({ name, help }).labels();
      child.inc();
      child.inc(2.5);
      child.inc(0);
      assert.equal((await reading(subject, name))?.value, 3.5);
      child.inc();
      assert.equal((await reading(subject, name))?.value, 4.5);
    },
  },
  {
    title: 'a counter to which 0 was added is there, so that its first event is seen as a rise',
    requires: 'reads',
    async run(subject) {
      const name = fresh('total');
      subject.metrics
        .newCounter({ name, help, labelNames: ['of'] })
        .labels('a')
        .inc(0);
      assert.equal((await reading(subject, name, { of: 'a' }))?.value, 0);
    },
  },
  {
    title: 'a gauge holds what it was set to last',
    requires: 'reads',
    async run(subject) {
      const name = fresh('now');
      const child = subject.metrics.newGauge({ name, help }).labels();
      child.set(5);
      child.set(-2);
      assert.equal((await reading(subject, name))?.value, -2);
      child.set(0);
      assert.equal((await reading(subject, name))?.value, 0);
    },
  },
  {
    title: 'a histogram knows how many values it was given, and their sum',
    requires: 'reads',
    async run(subject) {
      const name = fresh('seconds');
      const histogram = subject.metrics.newHistogram({ name, help, buckets: [1, 10] });
      for (const value of [0.5, 5, 50]) histogram.labels().observe(value);
      assert.deepEqual(pick(await reading(subject, name)), { count: 3, sum: 55.5 });
    },
  },
  {
    title: 'a summary knows how many values it was given, and their sum',
    requires: 'reads',
    async run(subject) {
      const name = fresh('seconds');
      const summary = subject.metrics.newSummary({ name, help, labelNames: ['of'] });
      for (const value of [1, 2, 3]) summary.labels('a').observe(value);
      assert.deepEqual(pick(await reading(subject, name, { of: 'a' })), { count: 3, sum: 6 });
    },
  },
  {
    title: 'series are distinguished by all of their labels, in the order of the names',
    requires: 'reads',
    async run(subject) {
      const name = fresh('total');
      const counter = subject.metrics.newCounter({ name, help, labelNames: ['topic', 'partition'] });
      counter.labels('a', '1').inc(1);
      counter.labels('a', '2').inc(2);
      counter.labels('1', 'a').inc(4);
      assert.equal((await reading(subject, name, { topic: 'a', partition: '1' }))?.value, 1);
      assert.equal((await reading(subject, name, { topic: 'a', partition: '2' }))?.value, 2);
      assert.equal((await reading(subject, name, { topic: '1', partition: 'a' }))?.value, 4);
    },
  },
  {
    title: 'label values may be any text',
    requires: 'reads',
    async run(subject) {
      const name = fresh('now');
      const gauge = subject.metrics.newGauge({ name, help, labelNames: ['of'] });
      const texts = [
        '',
        ' ',
        'a.b-c_d',
        '"quoted"',
        'back\\slash',
        'two\nlines',
        '{}=,',
        'é',
        '🔑',
        '__proto__',
      ];
      for (const [at, text] of texts.entries()) gauge.labels(text).set(at);
      for (const [at, text] of texts.entries()) {
        assert.equal(
          (await reading(subject, name, { of: text }))?.value,
          at,
          `label ${JSON.stringify(text)}`,
        );
      }
    },
  },
  {
    title: 'a metric that is made again is the same one, and so are its series: processors share a provider',
    requires: 'reads',
    async run(subject) {
      const name = fresh('total');
      for (const by of [1, 2]) {
        const counter = subject.metrics.newCounter({ name, help, labelNames: ['of'] });
        counter.labels('a').inc(by);
        counter.labels('a').inc(by);
      }
      assert.equal((await reading(subject, name, { of: 'a' }))?.value, 6);
    },
  },
  {
    title: 'a callback of onCollect comes before each reading, until it is ended',
    requires: 'on-collect',
    async run(subject) {
      const { metrics } = subject;
      const name = fresh('now');
      const child = metrics.newGauge({ name, help }).labels();
      assert.ok(metrics.onCollect !== undefined, 'the provider must have onCollect for this case');
      let calls = 0;
      const end = metrics.onCollect(() => {
        child.set(++calls);
      });
      assert.equal((await reading(subject, name))?.value, 1);
      assert.equal((await reading(subject, name))?.value, 2);
      end();
      assert.equal((await reading(subject, name))?.value, 2);
      assert.equal(calls, 2);
    },
  },
]);

function pick(seen: SeriesReading | undefined): SeriesReading {
  const { count, sum } = seen ?? {};
  return { ...(count !== undefined && { count }), ...(sum !== undefined && { sum }) };
}
