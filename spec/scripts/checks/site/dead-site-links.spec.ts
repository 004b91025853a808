import test from 'ava';
import { findDeadSiteLinks } from '../../../../scripts/checks/site/dead-site-links.ts';
import { temporaryFolder } from '../../../_helpers/temporary-folder.ts';

test('links and sources of a site lead to its files and to anchors in them', async (t) => {
  const folder = await temporaryFolder(t, {
    'index.html':
      '<link href="a.css"/><a href="#">x</a><a href="more/page.html#two">y</a><a href="https://example.org">z</a>',
    'a.css': '',
    'icons.svg': '<svg><g id="icon"/></svg>',
    'more/page.html': '<h2 id="two"></h2><a href="../">up</a><use href="../icons.svg#icon"/>',
  });
  t.deepEqual(await findDeadSiteLinks(folder), []);
});

test('those that lead nowhere are named with their page', async (t) => {
  const folder = await temporaryFolder(t, {
    'index.html': '<a href="gone.html">x</a><a href="page.html#none">y</a><script src="a.js"></script>',
    'page.html': '<a href="media/">z</a>',
  });
  t.deepEqual((await findDeadSiteLinks(folder)).toSorted(), [
    'index.html: a.js',
    'index.html: gone.html',
    'index.html: page.html#none',
    'page.html: media/',
  ]);
});
