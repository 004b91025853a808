import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { parsePage } from '../../../../scripts/checks/markdown/page.ts';
import { writeLinkedFiles } from '../../../../scripts/checks/site/linked-files.ts';
import { temporaryFolder } from '../../../_helpers/temporary-folder.ts';

const texts = { 'README.md': '[a](examples) [b](picture.png)', 'examples/a.ts': 'a();\n', 'picture.png': '' };

test('a linked folder and its files become documents; pictures and pages do not', async (t) => {
  const root = await temporaryFolder(t, texts);
  const folder = await temporaryFolder(t, {});
  const page = parsePage('README.md', texts['README.md']);
  const { index, shown } = await writeLinkedFiles([page], Object.keys(texts), { root, folder });
  t.deepEqual(
    [...shown],
    [
      [join(folder, 'examples.md'), join(root, 'examples')],
      [join(folder, 'examples/a.ts.md'), join(root, 'examples/a.ts')],
    ],
  );
  t.is(await readFile(join(folder, 'examples.md'), 'utf8'), '# examples\n\n- [a.ts](./examples/a.ts.md)\n');
  t.is(await readFile(join(folder, 'examples/a.ts.md'), 'utf8'), '# examples/a.ts\n\n````ts\na();\n````\n');
  t.regex(await readFile(index ?? '', 'utf8'), /^---\nchildren:\n {2}"examples": "\.\/examples\.md"\n/);
});

test('pages without such links need no documents', async (t) => {
  const page = parsePage('README.md', '[a](https://example.org)');
  const made = await writeLinkedFiles([page], ['README.md'], { root: '/none', folder: '/none' });
  t.is(made.index, undefined);
  t.is(made.shown.size, 0);
});
