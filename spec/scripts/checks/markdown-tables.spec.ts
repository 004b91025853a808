import test from 'ava';
import { fillPages, linksFrom, markdownTable } from '../../../scripts/checks/markdown-tables.ts';

const generators = { one: () => 'first', two: (page: string) => `second of ${page}\n` };
const one = '<!-- table:one -->\n\nfirst\n\n<!-- /table -->';
const two = '<!-- table:two --><!-- /table -->';

/** Fills pages of these texts, called a.md, b.md and so on. */
function filled(...texts: readonly string[]): string[] {
  const pages = new Map(texts.map((text, at) => [`${'abc'.charAt(at)}.md`, text]));
  const result = fillPages(pages, generators);
  return [...pages.keys()].map((page) => result.get(page) ?? 'no such page');
}

test('what is between the markers is replaced, and only that', (t) => {
  const text = 'a\n<!-- table:one -->\nold\n<!-- /table -->\nb\n<!-- table:two --><!-- /table -->\nc';
  const wanted =
    'a\n<!-- table:one -->\n\nfirst\n\n<!-- /table -->\nb\n<!-- table:two -->\n\nsecond of a.md\n\n<!-- /table -->\nc';
  t.deepEqual(filled(text), [wanted]);
  t.deepEqual(filled(wanted), [wanted]);
});

test('tables may be on any page, and a page may have none', (t) => {
  t.deepEqual(filled(one, 'no markers', two), [
    one,
    'no markers',
    '<!-- table:two -->\n\nsecond of c.md\n\n<!-- /table -->',
  ]);
});

test('a marker without a generator is an error that names it and its page', (t) => {
  t.throws(() => filled(one, `${two}<!-- table:three --><!-- /table -->`), {
    message: 'b.md: no generator for <!-- table:three -->; there are: one, two',
  });
  t.throws(() => filled('<!-- table:toString --><!-- /table -->'), { message: /no generator for/ });
});

test('a marker without its end is an error, also where the end of another follows', (t) => {
  const message = 'a.md: <!-- table:one --> has no <!-- /table -->';
  t.throws(() => filled('<!-- table:one -->'), { message });
  t.throws(() => filled(`<!-- table:one -->\n${two}`), { message });
});

test('a generator that no page uses is an error', (t) => {
  t.throws(() => filled(one, 'b'), { message: 'No page has <!-- table:two -->' });
  t.throws(() => filled(), { message: 'No page has <!-- table:one -->, <!-- table:two -->' });
});

test('a marker that occurs twice is an error, on one page or on two', (t) => {
  t.throws(() => filled(two, one, one), {
    message: '<!-- table:one --> is used twice: in b.md, and again in c.md',
  });
  t.throws(() => filled(one + one + two), {
    message: '<!-- table:one --> is used twice: in a.md, and again in a.md',
  });
});

test('a table escapes pipes in its cells', (t) => {
  t.is(markdownTable(['a', 'b'], [['x|y', 'z']]), '| a | b |\n| --- | --- |\n| x\\|y | z |');
});

test('links of a table lead to the same place from every page', (t) => {
  const text = '[a](README.md#claims) [b](source/cli/README.md) [c](https://kafka.apache.org/x#y)';
  t.is(
    linksFrom('README.md', text),
    '[a](#claims) [b](source/cli/README.md) [c](https://kafka.apache.org/x#y)',
  );
  t.is(
    linksFrom('source/options.md', text),
    '[a](../README.md#claims) [b](cli/README.md) [c](https://kafka.apache.org/x#y)',
  );
});
