import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { parse } from 'yaml';
import { repositoryRoot } from '../../scripts/services/folders.ts';
import { run } from '../../scripts/services/programs.ts';
import { testWith } from '../_helpers/servers/services.ts';
import { knownMetrics } from './known-metrics.ts';
import { kindProblems, labelsOf, readQuery, selectorProblems } from './promql.ts';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string };
}

const rulesFile = join(repositoryRoot, 'metrics/alert-rules.yml');
const testFile = join(repositoryRoot, 'spec/metrics/alert-rules.test.yml');

async function rules(): Promise<readonly Rule[]> {
  const { groups } = parse(await readFile(rulesFile, 'utf8')) as {
    groups: readonly { rules: readonly Rule[] }[];
  };
  return groups.flatMap((group) => group.rules);
}

test('alerts ask only for metrics that there are, by labels and functions that fit them', async (t) => {
  const metrics = new Map(await knownMetrics());
  metrics.set('up', { kind: 'gauge', labelNames: [] });
  for (const { alert, expr } of await rules()) {
    const { selectors, grouping } = readQuery(expr);
    t.true(selectors.length > 0, alert);
    t.deepEqual(
      selectors.flatMap((selector) => selectorProblems(selector, metrics)),
      [],
      alert,
    );
    t.deepEqual(kindProblems(expr, metrics), [], alert);
    const labels = selectors.flatMap(({ name }) => labelsOf(metrics.get(name) ?? { kind: '' }, true));
    t.deepEqual(
      grouping.filter((label) => !labels.includes(label)),
      [],
      alert,
    );
  }
});

test('annotations speak only of labels that the alert has', async (t) => {
  for (const { alert, expr, annotations } of await rules()) {
    const text = `${annotations.summary} ${annotations.description}`;
    const used = [...text.matchAll(/\$labels\.(\w+)/g)].map(([, label = '']) => label);
    t.true(used.length > 0, alert);
    const { grouping } = readQuery(expr);
    t.deepEqual(
      used.filter((label) => !grouping.includes(label)),
      [],
      alert,
    );
  }
});

test('each alert has a severity that is known, and unit tests in which it fires', async (t) => {
  const { tests } = parse(await readFile(testFile, 'utf8')) as {
    tests: readonly { alert_rule_test: readonly { alertname: string; exp_alerts: readonly unknown[] }[] }[];
  };
  const cases = tests.flatMap((each) => each.alert_rule_test);
  const names = (await rules()).map(({ alert }) => alert);
  t.is(new Set(names).size, names.length);
  for (const { alert, labels } of await rules()) {
    t.true(['critical', 'warning', 'info'].includes(labels.severity), alert);
    t.true(
      cases.some(({ alertname, exp_alerts }) => alertname === alert && exp_alerts.length > 0),
      alert,
    );
  }
  t.deepEqual(
    cases.filter(({ alertname }) => !names.includes(alertname)),
    [],
  );
});

testWith(['promtool'], 'promtool finds the alert rules correct, and their unit tests pass', async (t) => {
  const options = { timeoutMs: 60_000, cwd: repositoryRoot };
  const { stdout } = await run('promtool', ['check', 'rules', rulesFile], options);
  t.regex(stdout, new RegExp(`SUCCESS: ${(await rules()).length} rules found`));
  await t.notThrowsAsync(run('promtool', ['test', 'rules', testFile], options));
});
