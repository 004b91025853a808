import test from 'ava';
import { parsePage } from '../../../../scripts/checks/markdown/page.ts';
import { sitePages } from '../../../../scripts/checks/site/site-pages.ts';

test('pages have the names and the order of the last links on the front page; others come last by their titles', (t) => {
  const home = 'See [it](b.md). | [A](a.md), [b `b`](b.md) and [a part](a.md#two), [c](https://example.org)';
  const pages = [
    parsePage('README.md', home),
    parsePage('b.md', '# The b'),
    parsePage('other.md', '# Other'),
    parsePage('a.md', '# The a'),
  ];
  t.deepEqual(sitePages(pages), [
    { path: 'a.md', name: 'A' },
    { path: 'b.md', name: 'B b' },
    { path: 'other.md', name: 'Other' },
  ]);
});
