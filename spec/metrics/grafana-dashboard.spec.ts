import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { metricDefinitions } from '../../metrics/index.ts';
import { repositoryRoot } from '../../scripts/services/folders.ts';
import { run } from '../../scripts/services/programs.ts';
import { testWith } from '../_helpers/servers/services.ts';
import { temporaryFolder } from '../_helpers/temporary-folder.ts';
import { knownMetrics } from './known-metrics.ts';
import { kindProblems, labelsOf, readQuery, selectorProblems } from './promql.ts';

interface DataSource {
  readonly type: string;
  readonly uid: string;
}

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: DataSource;
  readonly targets?: readonly {
    readonly expr: string;
    readonly legendFormat: string;
    readonly refId: string;
    readonly datasource: DataSource;
  }[];
}

interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly Panel[];
  readonly annotations: { readonly list: readonly { readonly expr?: string }[] };
  readonly templating: {
    readonly list: readonly {
      readonly name: string;
      readonly type: string;
      readonly query: string | { readonly query: string };
    }[];
  };
}

const dashboard = JSON.parse(
  await readFile(join(repositoryRoot, 'metrics/grafana-dashboard.json'), 'utf8'),
) as Dashboard;
const targets = dashboard.panels.flatMap(({ title, targets: list = [] }) =>
  list.map((target) => ({ title, ...target })),
);

/** Every query, as Prometheus gets it: Grafana puts times in place of its own variables. */
const queries = [
  ...targets.map(({ title, expr }) => ({ title, expr })),
  ...dashboard.annotations.list.flatMap(({ expr }) =>
    expr === undefined ? [] : [{ title: 'an annotation', expr }],
  ),
].map(({ title, expr }) => ({ title, expr: expr.replaceAll('$__rate_interval', '1m') }));

test('the dashboard asks only for metrics that there are, by labels and functions that fit them', async (t) => {
  const metrics = await knownMetrics();
  for (const { title, expr } of queries) {
    const { selectors, grouping } = readQuery(expr);
    t.true(selectors.length > 0, title);
    t.deepEqual(
      selectors.flatMap((selector) => selectorProblems(selector, metrics)),
      [],
      title,
    );
    t.deepEqual(
      kindProblems(expr, metrics).filter((problem) => !problem.includes('process_start_time')),
      [],
      title,
    );
    const labels = selectors.flatMap(({ name }) => {
      const base = name.replace(/_(bucket|sum|count)$/, '');
      return labelsOf(metrics.get(name) ?? metrics.get(base) ?? { kind: '' }, name.endsWith('_bucket'));
    });
    t.deepEqual(
      grouping.filter((label) => !labels.includes(label)),
      [],
      title,
    );
  }
});

test('the dashboard shows every metric', (t) => {
  const asked = new Set(
    queries.flatMap(({ expr }) =>
      readQuery(expr).selectors.map(({ name }) => name.replace(/_(bucket|sum|count)$/, '')),
    ),
  );
  const missing = Object.values(metricDefinitions).filter(({ name }) => !asked.has(`kasper_${name}`));
  t.deepEqual(
    missing.map(({ name }) => name),
    [],
  );
});

test('legends name only labels that their query leaves', (t) => {
  for (const { title, expr, legendFormat } of targets) {
    const used = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label);
    const { grouping } = readQuery(expr.replaceAll('$__rate_interval', '1m'));
    t.deepEqual(
      used.filter((label) => !grouping.includes(label)),
      [],
      title,
    );
  }
});

test('all variables that are used exist, and each is used', (t) => {
  const names = dashboard.templating.list.map(({ name }) => name);
  const text =
    JSON.stringify(dashboard.panels) + JSON.stringify(dashboard.templating.list.map(({ query }) => query));
  const used = new Set([...text.matchAll(/\$\{?(\w+)\}?/g)].map(([, name = '']) => name));
  used.delete('__rate_interval');
  t.deepEqual([...used].sort(), [...names].sort());
  for (const { type, query } of dashboard.templating.list) {
    if (type === 'query')
      t.regex(typeof query === 'string' ? query : query.query, /^label_values\(kasper_\w+(\{.*\})?, \w+\)$/);
  }
});

test('every panel and query takes the data source that was chosen', (t) => {
  for (const { title, type, datasource, targets: list = [] } of dashboard.panels) {
    if (type === 'row') continue;
    t.deepEqual(datasource, { type: 'prometheus', uid: '${datasource}' }, title);
    t.true(list.length > 0, title);
    for (const target of list) t.deepEqual(target.datasource, datasource, title);
    t.is(new Set(list.map(({ refId }) => refId)).size, list.length, title);
  }
});

test('panels have ids of their own, stay within the width, and do not overlap', (t) => {
  const { panels } = dashboard;
  t.is(new Set(panels.map(({ id }) => id)).size, panels.length);
  for (const [at, { title, gridPos: a }] of panels.entries()) {
    t.true(a.x >= 0 && a.x + a.w <= 24, title);
    for (const { title: other, gridPos: b } of panels.slice(at + 1)) {
      const overlap = a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
      t.false(overlap, `${title} and ${other}`);
    }
  }
});

testWith(['promtool'], 'Prometheus itself reads every query of the dashboard', async (t) => {
  const rules = queries.map(({ expr }, at) => ({ record: `query:${at}`, expr }));
  const folder = await temporaryFolder(t, {
    'rules.yml': JSON.stringify({ groups: [{ name: 'queries', rules }] }),
  });
  const { stdout } = await run('promtool', ['check', 'rules', join(folder, 'rules.yml')], {
    timeoutMs: 30_000,
  });
  t.regex(stdout, new RegExp(`SUCCESS: ${rules.length} rules found`));
});
