import test from 'ava';
import { ConfigError } from '../../../source/kernel/errors.ts';
import { PrometheusMetrics } from '../../../metrics/index.ts';
import type { PrometheusMetricsOptions } from '../../../metrics/prometheus/prometheus-options.ts';

const problemsOf = (options: object | null): readonly string[] => {
  try {
    new PrometheusMetrics(options as PrometheusMetricsOptions);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
};

test('every problem with the options is listed at once, with a hint for a name that is nearly right', (t) => {
  t.deepEqual(
    problemsOf({
      namespac: 'x',
      namespace: 'my-jobs',
      kasperNames: 1,
      processMetrics: 'no',
      summaryWindowMs: '60',
      labels: { '1a': 'x', le: 'x', topic: 'x', zone: 3 },
    }),
    [
      "unknown option 'namespac'; did you mean 'namespace'?",
      "namespace must consist of letters, digits and single underscores between them, got 'my-jobs'",
      'kasperNames must be true or false, got 1',
      "processMetrics must be true or false, got 'no'",
      "summaryWindowMs must be a number of at least 100 (ms), got '60'",
      "labels: a name must consist of letters, digits and underscores, and must not start with a digit or two underscores, got '1a'",
      "labels: 'le' is a label that metrics already have: use another name",
      "labels: 'topic' is a label that metrics already have: use another name",
      'labels: zone must be text, got 3',
    ],
  );
});

const refused: readonly [options: object | null, problem: string][] = [
  [null, 'options must be an object, not null'],
  [
    { namespace: '' },
    "namespace must consist of letters, digits and single underscores between them, got ''",
  ],
  [{ namespace: 'process' }, "namespace 'process' is that of the process metrics: use another"],
  [{ labels: ['a'] }, 'labels must be an object of names and strings, got ["a"]'],
  [{ label: 'a' }, "label needs kasperNames: true; for a label on every series, use labels: { name: 'a' }"],
  [{ kasperNames: true, label: 3 }, 'label must be text, got 3'],
  [
    { kasperNames: true, labels: { label: 'a' } },
    "labels: 'label' is a label that metrics already have: use another name",
  ],
  [{ summaryWindowMs: 99 }, 'summaryWindowMs must be a number of at least 100 (ms), got 99'],
];

for (const [options, problem] of refused) {
  test(`refused: ${problem}`, (t) => {
    t.deepEqual(problemsOf(options), [problem]);
  });
}

test('what is allowed: a label named label without Kasper names, all options at once, undefined for a default', (t) => {
  t.deepEqual(problemsOf({ labels: { label: 'a', host: '' } }), []);
  t.deepEqual(
    problemsOf({
      kasperNames: true,
      label: 'x',
      namespace: 'a_b2',
      processMetrics: false,
      summaryWindowMs: 100,
    }),
    [],
  );
  t.deepEqual(problemsOf({ namespace: undefined, labels: undefined }), []);
  t.deepEqual(problemsOf({}), []);
});

test('the options belong to the caller: they may be frozen, and changing them later changes nothing', async (t) => {
  const labels = { host: 'a' };
  const metrics = new PrometheusMetrics(Object.freeze({ labels, processMetrics: false }));
  labels.host = 'b';
  t.true((await metrics.expose()).body.includes('host="a"'));
});
