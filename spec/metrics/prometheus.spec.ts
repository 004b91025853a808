import test, { type ExecutionContext } from 'ava';
import { Registry } from 'prom-client';
import { ConfigError } from '../../source/kernel/errors.ts';
import { metricDefinitions, PrometheusMetrics, type MetricsSnapshot } from '../../metrics/index.ts';
import type { PrometheusMetricsOptions } from '../../metrics/prometheus/prometheus-options.ts';
import { until } from '../_helpers/until.ts';

/** Without what is measured of the process, so that whole texts can be compared. */
const plain = (options: PrometheusMetricsOptions = {}) =>
  new PrometheusMetrics({ processMetrics: false, ...options });

/** The lines of the text format that are of one metric. */
async function linesOf(metrics: PrometheusMetrics, name: string): Promise<string[]> {
  const { body } = await metrics.expose();
  return body.split('\n').filter((line) => line.replace(/^# (HELP|TYPE) /, '').startsWith(name));
}

function problemsOf(t: ExecutionContext, make: () => unknown): readonly string[] {
  return t.throws(make, { instanceOf: ConfigError })?.problems ?? [];
}

test('a counter adds up, by label values', async (t) => {
  const metrics = plain();
  const counter = metrics.newCounter({
    name: 'seen_total',
    help: 'What was seen',
    labelNames: ['what', 'where'],
  });
  counter.labels('cat', 'roof').inc();
  counter.labels('cat', 'roof').inc(2);
  const dog = counter.labels('dog', '');
  dog.inc(0.5);
  t.deepEqual(await linesOf(metrics, 'kasper_seen'), [
    '# HELP kasper_seen_total What was seen',
    '# TYPE kasper_seen_total counter',
    'kasper_seen_total{what="cat",where="roof"} 3',
    'kasper_seen_total{what="dog",where=""} 0.5',
  ]);
  dog.inc(1);
  t.deepEqual((await linesOf(metrics, 'kasper_seen')).at(-1), 'kasper_seen_total{what="dog",where=""} 1.5');
  t.deepEqual((await linesOf(metrics, 'kasper_seen')).at(-1), 'kasper_seen_total{what="dog",where=""} 1.5');
});

test('a counter and a histogram are shown as 0 from when their labels are bound, a gauge from when it is set', async (t) => {
  const metrics = plain();
  metrics.newCounter({ name: 'a_total', help: 'A' }).labels();
  const gauge = metrics.newGauge({ name: 'b', help: 'B' }).labels();
  metrics.newHistogram({ name: 'c', help: 'C', labelNames: ['x'], buckets: [1] }).labels('y');
  const { body } = await metrics.expose();
  t.true(body.includes('\nkasper_a_total 0\n'));
  t.false(body.includes('\nkasper_b '));
  t.true(body.includes('\nkasper_c_bucket{le="1.0",x="y"} 0\n'));
  t.true(body.includes('\nkasper_c_count{x="y"} 0\n'));
  gauge.set(0);
  t.true((await metrics.expose()).body.includes('\nkasper_b 0\n'));
});

test('a gauge holds what it was set to last, also what is not finite', async (t) => {
  const metrics = plain();
  const gauge = metrics.newGauge({ name: 'g', help: 'G', labelNames: ['of'] });
  gauge.labels('a').set(1);
  gauge.labels('a').set(-2.5);
  gauge.labels('b').set(NaN);
  gauge.labels('c').set(Infinity);
  gauge.labels('d').set(-Infinity);
  t.deepEqual((await linesOf(metrics, 'kasper_g')).slice(2), [
    'kasper_g{of="a"} -2.5',
    'kasper_g{of="b"} NaN',
    'kasper_g{of="c"} +Inf',
    'kasper_g{of="d"} -Inf',
  ]);
});

test('a histogram counts into its buckets, whose bounds are part of them', async (t) => {
  const metrics = plain();
  const histogram = metrics.newHistogram({
    name: 'h_bytes',
    help: 'H',
    labelNames: ['x'],
    buckets: [0.5, 1, 1e6],
  });
  for (const value of [0.5, 0.6, 1, 2_000_000]) histogram.labels('y').observe(value);
  t.deepEqual((await linesOf(metrics, 'kasper_h')).slice(2), [
    'kasper_h_bytes_bucket{le="0.5",x="y"} 1',
    'kasper_h_bytes_bucket{le="1.0",x="y"} 3',
    'kasper_h_bytes_bucket{le="1e+06",x="y"} 3',
    'kasper_h_bytes_bucket{le="+Inf",x="y"} 4',
    'kasper_h_bytes_sum{x="y"} 2000002.1',
    'kasper_h_bytes_count{x="y"} 4',
  ]);
});

test('a summary has three quantiles of what was observed, its sum and its count', async (t) => {
  const metrics = plain();
  const summary = metrics.newSummary({ name: 's_seconds', help: 'S', labelNames: ['x'] }).labels('y');
  for (let value = 1; value <= 1000; value++) summary.observe(value);
  const [half, nine, most, sum, count] = (await linesOf(metrics, 'kasper_s')).slice(2);
  const valueOf = (line: string | undefined, start: string) => {
    t.true(line?.startsWith(`${start} `), line);
    return Number(line?.split(' ').at(-1));
  };
  t.true(Math.abs(valueOf(half, 'kasper_s_seconds{quantile="0.5",x="y"}') - 500) < 20);
  t.true(Math.abs(valueOf(nine, 'kasper_s_seconds{quantile="0.9",x="y"}') - 900) < 20);
  t.true(Math.abs(valueOf(most, 'kasper_s_seconds{quantile="0.99",x="y"}') - 990) < 10);
  t.is(valueOf(sum, 'kasper_s_seconds_sum{x="y"}'), 500_500);
  t.is(valueOf(count, 'kasper_s_seconds_count{x="y"}'), 1000);
});

test('quantiles of a summary are NaN when nothing was observed within its window, while sum and count stay', async (t) => {
  const metrics = plain({ summaryWindowMs: 100 });
  metrics.newSummary({ name: 's', help: 'S' }).labels().observe(7);
  const lines = await until(
    async () => {
      const seen = (await linesOf(metrics, 'kasper_s')).slice(2);
      return seen[0]?.endsWith(' NaN') === true ? seen : undefined;
    },
    { deadlineMs: 10_000, what: 'the window to be empty' },
  );
  const values = lines.map((line) => line.split(' ').at(-1));
  t.deepEqual(values, ['NaN', 'NaN', 'NaN', '7', '1']);
});

test('the same metric made twice is one metric, and its labels are one series', async (t) => {
  const metrics = plain();
  for (const definition of [metricDefinitions.recordsConsumed, { ...metricDefinitions.recordsConsumed }]) {
    metrics.newCounter(definition).labels('job', 'in', '0').inc(5);
  }
  t.deepEqual((await linesOf(metrics, 'kasper_records_consumed_total')).slice(2), [
    'kasper_records_consumed_total{topic_processor="job",topic="in",partition="0"} 10',
  ]);
});

test('a metric made again as something else is refused, with what it was before', (t) => {
  const metrics = plain();
  metrics.newGauge({ name: 'a', help: 'A', labelNames: ['x'] });
  metrics.newHistogram({ name: 'h', help: 'H', buckets: [1, 2] });
  const error = t.throws(() => metrics.newGauge({ name: 'a', help: 'A', labelNames: ['x', 'y'] }), {
    instanceOf: ConfigError,
  });
  t.is(
    error?.message,
    'Metric kasper_a: it was declared before with other labels: x; now: x, y. A name has one list of labels',
  );
  t.deepEqual(
    problemsOf(t, () => metrics.newSummary({ name: 'a', help: 'A', labelNames: ['x'] })),
    ['there is already a gauge of this name'],
  );
  t.deepEqual(
    problemsOf(t, () => metrics.newHistogram({ name: 'h', help: 'H', buckets: [1, 3] })),
    ['it was declared before with other buckets: 1, 2; now: 1, 3'],
  );
});

test('metrics whose series would be mixed up are refused', (t) => {
  const metrics = plain();
  metrics.newHistogram({ name: 'h', help: 'H' });
  metrics.newCounter({ name: 'c', help: 'C' });
  t.deepEqual(
    problemsOf(t, () => metrics.newGauge({ name: 'h_count', help: 'G' })),
    ["its series 'kasper_h_count' would be mixed up with those of kasper_h"],
  );
  // OpenMetrics calls the counter c_total by the name c.
  t.deepEqual(
    problemsOf(t, () => metrics.newGauge({ name: 'c', help: 'G' })),
    ["its series 'kasper_c' would be mixed up with those of kasper_c_total"],
  );
});

test('what cannot be declared is refused, all problems at once', (t) => {
  const metrics = plain({ labels: { host: 'a' } });
  const problems = problemsOf(t, () =>
    metrics.newHistogram({
      name: 'a-b',
      help: '',
      labelNames: ['le', '__x', 'host', 'y', 'y'],
      buckets: [2, 1],
    }),
  );
  t.deepEqual(problems, [
    'the name must consist of letters, digits and underscores',
    'help must say what it counts or measures',
    "label 'le' is reserved by Prometheus",
    "label '__x' must consist of letters, digits and underscores, and must not start with two underscores",
    "label 'host' is already one of the provider's labels",
    'labels occur twice: le, __x, host, y, y',
    'buckets must be finite numbers in ascending order, got 2, 1',
  ]);
});

test('labels must be given in full, each a text', (t) => {
  const counter = plain().newCounter({ name: 'c_total', help: 'C', labelNames: ['x', 'y'] });
  t.deepEqual(
    problemsOf(t, () => counter.labels('a')),
    ['labels("a") must give a string for each of its labels: x, y'],
  );
  t.deepEqual(
    problemsOf(t, () => counter.labels('a', 3 as unknown as string)),
    ['labels("a",3) must give a string for each of its labels: x, y'],
  );
});

test('values that prom-client would take for one series are refused, not added up', (t) => {
  const counter = plain().newCounter({ name: 'c_total', help: 'C', labelNames: ['x', 'y'] });
  counter.labels('a,y:b', 'c').inc();
  const [problem] = problemsOf(t, () => counter.labels('a', 'b,y:c'));
  t.regex(problem ?? '', /cannot be told apart from other values/);
});

test('a counter cannot go down, nor become what is no number', async (t) => {
  const metrics = plain();
  const counter = metrics.newCounter({ name: 'c_total', help: 'C' }).labels();
  for (const by of [-1, NaN, Infinity])
    t.throws(
      () => {
        counter.inc(by);
      },
      { instanceOf: RangeError },
    );
  const gauge = metrics.newGauge({ name: 'g', help: 'G' }).labels();
  t.throws(
    () => {
      gauge.set('1' as unknown as number);
    },
    { instanceOf: TypeError },
  );
  const histogram = metrics.newHistogram({ name: 'h', help: 'H' }).labels();
  t.throws(
    () => {
      histogram.observe(NaN);
    },
    { instanceOf: TypeError },
  );
  t.true((await metrics.expose()).body.includes('\nkasper_c_total 0\n'));
});

test('a counter ends with _total in both formats, whether its name says so or not', async (t) => {
  const metrics = plain();
  metrics.newCounter({ name: 'a', help: 'A' }).labels().inc();
  metrics.newCounter({ name: 'a_total', help: 'A' }).labels().inc();
  // The formats take turns, since prom-client itself loses the ending in the text format after
  // OpenMetrics.
  for (const format of ['openmetrics', 'text', 'openmetrics', 'text'] as const) {
    const { body } = await metrics.expose(format);
    t.true(body.includes('\nkasper_a_total 2\n'), body);
    t.true(
      body.includes(format === 'text' ? '# TYPE kasper_a_total counter' : '# TYPE kasper_a counter'),
      body,
    );
  }
});

test('constant labels and the namespace are on every series', async (t) => {
  const metrics = plain({ namespace: 'my_jobs', labels: { host: 'a', zone: 'b"' } });
  metrics
    .newGauge({ name: 'g', help: 'G', labelNames: ['x'] })
    .labels('y')
    .set(1);
  const { body } = await metrics.expose();
  t.true(body.includes('my_jobs_g{x="y",host="a",zone="b\\""} 1\n'), body);
  t.regex(
    body,
    /^my_jobs_build_info\{version="\d+\.\d+\.\d+[^"]*",node="v\d+[^"]*",host="a",zone="b\\""\} 1$/m,
  );
});

test('callbacks of onCollect come before the values are read, whoever reads them, until they are ended', async (t) => {
  const metrics = plain();
  const gauge = metrics.newGauge({ name: 'g', help: 'G' }).labels();
  let reads = 0;
  const end = metrics.onCollect(() => {
    gauge.set(++reads);
  });
  t.true((await metrics.expose()).body.includes('\nkasper_g 1\n'));
  t.is((await metrics.snapshot()).families.find(({ name }) => name === 'kasper_g')?.samples[0]?.value, 2);
  t.true((await metrics.registry.metrics()).includes('\nkasper_g 3\n'));
  end();
  end();
  t.true((await metrics.expose()).body.includes('\nkasper_g 3\n'));
});

test('one callback that is given twice is called twice, and each is ended alone', async (t) => {
  const metrics = plain();
  let calls = 0;
  const refresh = () => {
    calls++;
  };
  const end = metrics.onCollect(refresh);
  metrics.onCollect(refresh);
  await metrics.expose();
  t.is(calls, 2);
  end();
  await metrics.expose();
  t.is(calls, 3);
});

test('what a callback throws is what expose rejects with', async (t) => {
  const metrics = plain();
  const failure = new Error('no gauge today');
  metrics.onCollect(() => {
    throw failure;
  });
  t.is(await t.throwsAsync(metrics.expose()), failure);
});

test('metrics of the process are there unless they are turned off, once for all providers', async (t) => {
  const [one, other] = [new PrometheusMetrics(), new PrometheusMetrics({ labels: { host: 'a' } })];
  const { body } = await one.expose();
  for (const name of [
    'process_cpu_seconds_total',
    'process_resident_memory_bytes',
    'nodejs_eventloop_lag_p99_seconds',
  ]) {
    t.true(body.includes(`\n${name} `), name);
  }
  t.true((await other.expose()).body.includes('\nprocess_cpu_seconds_total{host="a"} '));
  t.false((await plain().expose()).body.includes('process_cpu'));
});

test('its registry can be merged with that of the program', async (t) => {
  const own = new Registry();
  const metrics = plain({ labels: { host: 'a' } });
  metrics.newCounter({ name: 'c_total', help: 'C' }).labels().inc(2);
  const text = await Registry.merge([own, metrics.registry]).metrics();
  t.true(text.includes('kasper_c_total'), text);
  t.true((await metrics.registry.metrics()).includes('kasper_c_total{host="a"} 2'), text);
});

test('a snapshot is plain JSON, also of what is not finite', async (t) => {
  const metrics = plain({ kasperNames: true, label: 'x' });
  metrics.newGauge({ name: 'g', help: 'G' }).labels().set(NaN);
  metrics
    .newHistogram({ ...metricDefinitions.commitSeconds })
    .labels('job')
    .observe(0.1);
  const snapshot = await metrics.snapshot();
  const sent = JSON.parse(JSON.stringify(snapshot)) as MetricsSnapshot;
  t.deepEqual(sent, snapshot);
  const exposed = await PrometheusMetrics.merge([sent]).expose();
  t.deepEqual(exposed, await metrics.expose());
});
