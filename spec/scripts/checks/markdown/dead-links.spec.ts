import test from 'ava';
import { findDeadLinks } from '../../../../scripts/checks/markdown/dead-links.ts';
import { parsePage } from '../../../../scripts/checks/markdown/page.ts';

const files = ['README.md', 'source/README.md', 'source/index.ts', 'notes.md'];
const packed = ['README.md', 'source/README.md'];

function deadLinks(texts: Readonly<Record<string, string>>): string[] {
  const pages = Object.entries(texts).map(([path, text]) => parsePage(path, text));
  return findDeadLinks(pages, { files, packed }).map(
    ({ path, line, message }) => `${path}:${line}: ${message}`,
  );
}

test('links to files, folders, headings and addresses are alive', (t) => {
  const home = '# Home\n[a](source/README.md#the-two) [b](source/) [c](#home) [d](https://example.org/x#y)';
  t.deepEqual(
    deadLinks({ 'README.md': home, 'source/README.md': '# The two\n[up](../README.md) [.](..)' }),
    [],
  );
});

test('a link to a file that is not there is dead, also outside of the repository', (t) => {
  t.deepEqual(deadLinks({ 'notes.md': '# A\n\n[a](gone.md)\n[b](../up.md)' }), [
    'notes.md:3: gone.md is no file of the repository',
    'notes.md:4: ../up.md is no file of the repository',
  ]);
});

test('a link to a heading that is not there is dead', (t) => {
  t.deepEqual(
    deadLinks({ 'README.md': '# A\n[a](#b) [c](source/README.md#two)', 'source/README.md': '# One' }),
    [
      'README.md:2: #b leads to no heading of README.md',
      'README.md:2: source/README.md#two leads to no heading of source/README.md',
    ],
  );
  t.deepEqual(deadLinks({ 'notes.md': '[a](source/index.ts#L3)' }), [
    'notes.md:1: source/index.ts#L3 has an anchor, and is no page',
  ]);
});

test('a packed page links only to what is packed', (t) => {
  const link = '[a](source/index.ts)';
  t.deepEqual(deadLinks({ 'README.md': link, 'notes.md': link }), [
    'README.md:1: source/index.ts is not in the package, and the page is: see "files" in package.json',
  ]);
});

test('a link from the top of the repository works only on some sites', (t) => {
  t.deepEqual(deadLinks({ 'README.md': '[a](/README.md)' }), [
    'README.md:1: /README.md starts with a slash: only links relative to the page work everywhere',
  ]);
});
