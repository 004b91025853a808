import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { repositoryRoot } from '../../scripts/services/folders.ts';
import { runNode } from '../_helpers/child-process.ts';
import { temporaryFolder } from '../_helpers/temporary-folder.ts';

/** One row each: who imports what. `allowed` ones must not be reported, the others must. */
const allowed = [
  ['source/kafka/kafkajs/a.ts', 'kafkajs'],
  ['source/kafka/kafkajs/a.ts', 'source/kafka/wire/x.ts'],
  ['source/kafka/open-client.ts', 'source/kafka/kafkajs/x.ts'],
  ['source/a.ts', 'source/kafka/client.ts'],
  ['source/a.ts', 'stores/store.ts'],
  ['source/job.ts', 'source/config/x.ts'],
  ['source/topic-processor.ts', 'source/watch/x.ts'],
  ['source/watch/a.ts', 'source/run/x.ts'],
  ['source/run/a.ts', 'source/input/x.ts'],
  ['source/input/a.ts', 'source/batch/x.ts'],
  ['source/batch/a.ts', 'source/delivery/x.ts'],
  ['source/batch/a.ts', 'source/middleware/x.ts'],
  ['source/delivery/a.ts', 'source/assignment/x.ts'],
  ['source/assignment/a.ts', 'source/config/x.ts'],
  ['source/config/a.ts', 'source/message.ts'],
  ['source/operate/a.ts', 'source/assignment/x.ts'],
  ['source/index.ts', 'source/middleware/x.ts'],
  ['source/middleware/a.ts', 'source/message.ts'],
  ['source/logging/a.ts', 'winston'],
  ['source/embedded/a.ts', 'source/kafka/wire/x.ts'],
  ['source/testing/a.ts', 'source/embedded/x.ts'],
  ['source/testing/a.ts', 'source/kafka/records/x.ts'],
  ['source/cli/a.ts', 'source/cli/commands/x.ts'],
  ['source/cli/commands/a.ts', 'source/testing/index.ts'],
  ['source/cli/commands/a.ts', 'source/cli/workers/x.ts'],
  ['source/cli/workers/a.ts', 'source/cli/job/x.ts'],
  ['source/cli/job/a.ts', 'source/cli/settings/x.ts'],
  ['source/cli/job/a.ts', 'ioredis'],
  ['source/cli/settings/a.ts', 'source/cli/terminal/x.ts'],
  ['source/cli/terminal/a.ts', 'source/kernel/x.ts'],
  ['stores/a.ts', 'metrics/metrics.ts'],
  ['stores/a.ts', 'source/codecs/codec.ts'],
  ['metrics/prometheus.ts', 'prom-client'],
  ['metrics/dashboard/a.ts', 'stores/index.ts'],
  ['metrics/dashboard/a.ts', 'uplot'],
  ['spec/a.ts', 'source/cli/x.ts'],
  ['scripts/a.ts', 'source/kafka/kafkajs/x.ts'],
] as const;

const forbidden = [
  ['source/kernel/b.ts', 'source/message.ts'],
  ['source/kernel/b.ts', 'winston'],
  ['source/kafka/wire/b.ts', 'source/kafka/records/x.ts'],
  ['source/kafka/records/b.ts', 'kafkajs'],
  ['source/kafka/client.ts', 'source/kafka/kafkajs/x.ts'],
  ['source/kafka/kafkajs/b.ts', 'source/topic-processor.ts'],
  ['source/b.ts', 'kafkajs'],
  ['source/b.ts', 'source/kafka/kafkajs/x.ts'],
  ['source/b.ts', 'source/kafka/wire/x.ts'],
  ['source/b.ts', 'source/middleware/x.ts'],
  ['source/b.ts', 'source/config/x.ts'],
  ['source/b.ts', 'source/kafka/partitioner.ts'],
  ['source/config/b.ts', 'source/assignment/x.ts'],
  ['source/assignment/b.ts', 'source/delivery/x.ts'],
  ['source/delivery/b.ts', 'source/batch/x.ts'],
  ['source/batch/b.ts', 'source/input/x.ts'],
  ['source/input/b.ts', 'source/run/x.ts'],
  ['source/run/b.ts', 'source/watch/x.ts'],
  ['source/run/b.ts', 'source/operate/x.ts'],
  ['source/operate/b.ts', 'source/batch/x.ts'],
  ['source/b.ts', 'stores/redis-store.ts'],
  ['source/b.ts', 'source/testing/index.ts'],
  ['source/index.ts', 'source/cli/x.ts'],
  ['source/index.ts', 'source/embedded/x.ts'],
  ['source/middleware/b.ts', 'source/kafka/client.ts'],
  ['source/embedded/b.ts', 'source/kafka/client.ts'],
  ['source/embedded/b.ts', 'source/testing/index.ts'],
  ['source/testing/b.ts', 'source/kafka/wire/x.ts'],
  ['source/cli/b.ts', 'source/message.ts'],
  ['source/cli/commands/b.ts', 'source/cli/b.ts'],
  ['source/cli/commands/b.ts', 'ioredis'],
  ['source/cli/workers/b.ts', 'source/cli/commands/x.ts'],
  ['source/cli/job/b.ts', 'source/cli/workers/x.ts'],
  ['source/cli/job/b.ts', 'stores/redis-store.ts'],
  ['source/cli/settings/b.ts', 'source/cli/job/x.ts'],
  ['source/cli/terminal/b.ts', 'source/cli/settings/x.ts'],
  ['source/cli/nowhere/b.ts', 'source/cli/terminal/x.ts'],
  ['stores/b.ts', 'source/message.ts'],
  ['stores/b.ts', 'ioredis'],
  ['stores/b.ts', 'metrics/prometheus.ts'],
  ['metrics/b.ts', 'stores/store.ts'],
  ['metrics/b.ts', 'prom-client'],
  ['metrics/b.ts', 'spec/x.ts'],
  ['source/nowhere/b.ts', 'source/kernel/x.ts'],
] as const;

test('an import outside the table is reported, every one inside it is not', async (t) => {
  const reported = await violations(t, filesOf([...allowed, ...forbidden]));
  t.deepEqual(reported.toSorted(), forbidden.map(([from, to]) => `${from} -> ${pathOf(to)}`).toSorted());
});

test('files that import each other are reported', async (t) => {
  const reported = await violations(t, {
    'source/a.ts': "import type { B } from './b.ts';\nexport type A = B[];\n",
    'source/b.ts': "import type { A } from './a.ts';\nexport type B = A | string;\n",
  });
  t.deepEqual(reported, ['source/a.ts -> source/b.ts']);
});

test('a package that only development needs is reported in published code', async (t) => {
  const reported = await violations(t, {
    'source/kafka/kafkajs/a.ts': "import ava from 'ava';\nexport const a = ava;\n",
    'scripts/a.ts': "import ava from 'ava';\nexport const a = ava;\n",
  });
  t.deepEqual([...new Set(reported)], ['source/kafka/kafkajs/a.ts -> node_modules/ava/index.js']);
});

const packages = ['uplot', 'kafkajs', 'winston', 'prom-client', 'ioredis', 'ava'];

interface CruiseResult {
  readonly summary: { readonly violations: readonly { readonly from: string; readonly to: string }[] };
}

async function violations(t: ExecutionContext, files: Readonly<Record<string, string>>): Promise<string[]> {
  const folder = await temporaryFolder(t, { ...surroundings(), ...files });
  const config = '.dependency-cruiser.cjs';
  await copyFile(join(repositoryRoot, config), join(folder, config));
  const bin = join(repositoryRoot, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const folders = [...new Set(Object.keys(files).map((file) => file.slice(0, file.indexOf('/'))))];
  const { output } = await runNode([bin, '--config', config, '--output-type', 'json', ...folders], {
    cwd: folder,
  });
  const result = JSON.parse(output) as CruiseResult;
  return [...new Set(result.summary.violations.map(({ from, to }) => `${from} -> ${to}`))];
}

function surroundings(): Record<string, string> {
  const dependencies = Object.fromEntries(
    packages.filter((name) => name !== 'ava').map((name) => [name, '1']),
  );
  const files: Record<string, string> = {
    'package.json': JSON.stringify({ type: 'module', dependencies, devDependencies: { ava: '1' } }),
    'tsconfig.json': JSON.stringify({ compilerOptions: { module: 'nodenext', target: 'es2023' } }),
  };
  for (const name of packages) {
    files[`node_modules/${name}/package.json`] = JSON.stringify({ name, version: '1.0.0', main: 'index.js' });
    files[`node_modules/${name}/index.js`] = 'module.exports = {};\n';
  }
  return files;
}

function filesOf(rows: readonly (readonly [from: string, to: string])[]): Record<string, string> {
  const files: Record<string, string> = {};
  for (const [, to] of rows) if (!packages.includes(to)) files[to] = 'export {};\n';
  for (const [from, to] of rows) {
    const up = '../'.repeat(from.split('/').length - 1);
    const specifier = packages.includes(to) ? to : up === '' ? `./${to}` : `${up}${to}`;
    files[from] = `${files[from] ?? ''}import '${specifier}';\n`;
  }
  return files;
}

function pathOf(target: string): string {
  return packages.includes(target) ? `node_modules/${target}/index.js` : target;
}
