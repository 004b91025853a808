import { readdirSync, readFileSync } from 'node:fs';
import test from 'ava';
import { neededPrograms } from './needed-programs.ts';
import { testWith } from '../_helpers/servers/services.ts';
import { elasticsearchOfRun } from '../_helpers/servers/store-servers.ts';
import { runChild } from '../cli/child.ts';

const folder = new URL('../../../scripts/examples/', import.meta.url);
const names = readdirSync(folder)
  .filter((name) => /^\d\d-.*\.ts$/.test(name))
  .sort();

test('examples are numbered in reading order, without a gap', (t) => {
  t.deepEqual(
    names.map((name) => Number(name.slice(0, 2))),
    names.map((_, at) => at + 1),
  );
});

for (const name of names) {
  const source = readFileSync(new URL(name, folder), 'utf8');
  testWith(neededPrograms(source), `${name} runs, and prints what its last line promises`, async (t) => {
    const last = source.trimEnd().split('\n').at(-1) ?? '';
    const [, expected = ''] = /^\/\/ expected: (.+)$/.exec(last) ?? [];
    t.not(expected, '', 'the last line must be `// expected: …`');
    const argv: string[] = [];
    if (source.includes('exampleElasticsearch()')) {
      // That of the run: to start one takes long.
      const { port, stop } = await elasticsearchOfRun();
      t.teardown(stop);
      argv.push('--elasticsearch', `http://127.0.0.1:${port}`);
    }
    const program = `scripts/examples/${name.slice(0, -'.ts'.length)}`;
    const { code, stdout, stderr } = await runChild(t, program, argv);
    t.is(code, 0, stderr);
    t.true(stdout.includes(expected), stdout);
  });
}
