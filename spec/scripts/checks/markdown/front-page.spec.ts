import test from 'ava';
import { findLongFrontPage } from '../../../../scripts/checks/markdown/front-page.ts';
import { parsePage } from '../../../../scripts/checks/markdown/page.ts';

test('the front page has at most 150 lines; other pages may have more', (t) => {
  const page = (path: string, lines: number) => parsePage(path, 'a line\n'.repeat(lines));
  t.deepEqual(findLongFrontPage([page('README.md', 150), page('source/README.md', 151)]), []);
  t.deepEqual(findLongFrontPage([page('README.md', 151)]), [
    { path: 'README.md', line: 151, message: 'the front page has 151 lines, more than 150' },
  ]);
});
