import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { bringUpToDate, checkUpToDate, generatedFiles } from '../../../scripts/checks/generated-files.ts';
import { repositoryRoot } from '../../../scripts/services/folders.ts';

const fresh = { path: 'a.md', present: 'a', wanted: 'a' };
const stale = { path: 'b.md', present: 'b', wanted: 'new' };
const absent = { path: 'c.ts', present: undefined, wanted: 'c' };

test('files that are out of date, or not there, are named with the command that writes them', (t) => {
  t.notThrows(() => {
    checkUpToDate([fresh]);
  });
  t.throws(
    () => {
      checkUpToDate([fresh, stale, absent]);
    },
    { message: 'Out of date: b.md, c.ts. Run npm run generate' },
  );
});

test('files that are out of date are written, and only those', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'kasper-generated-'));
  t.teardown(() => rm(folder, { recursive: true }));
  t.deepEqual(await bringUpToDate(folder, [fresh, stale, absent]), ['b.md', 'c.ts']);
  t.is(await readFile(join(folder, 'b.md'), 'utf8'), 'new');
  t.is(await readFile(join(folder, 'c.ts'), 'utf8'), 'c');
  await t.throwsAsync(readFile(join(folder, 'a.md'), 'utf8'), { code: 'ENOENT' });
});

test('the interface of the options and the pages of this repository are generated', async (t) => {
  const files = await generatedFiles(repositoryRoot);
  t.deepEqual(
    files.map(({ path }) => path).filter((path) => !path.endsWith('.md')),
    ['source/config/scalar-options.ts'],
  );
  t.true(files.some(({ path }) => path === 'README.md'));
  t.notThrows(() => {
    checkUpToDate(files);
  });
});
