import test from 'ava';
import { fillTables, markdownTable } from '../../../scripts/checks/markdown-tables.ts';

const generators = { one: () => 'first', two: () => 'second\n' };

test('what stands between the marks is replaced, and only that', (t) => {
  const text = 'a\n<!-- table:one -->\nold\n<!-- /table -->\nb\n<!-- table:two --><!-- /table -->\nc';
  const filled =
    'a\n<!-- table:one -->\n\nfirst\n\n<!-- /table -->\nb\n<!-- table:two -->\n\nsecond\n\n<!-- /table -->\nc';
  t.is(fillTables(text, generators), filled);
  t.is(fillTables(filled, generators), filled);
  t.is(fillTables('no marks', generators), 'no marks');
});

test('a mark without a generator or without its end is an error that names it', (t) => {
  t.throws(() => fillTables('<!-- table:three --><!-- /table -->', generators), {
    message: 'No generator for <!-- table:three -->; there are: one, two',
  });
  t.throws(() => fillTables('<!-- table:one -->', generators), {
    message: '<!-- table:one --> has no <!-- /table -->',
  });
});

test('a table escapes pipes in its cells', (t) => {
  t.is(markdownTable(['a', 'b'], [['x|y', 'z']]), '| a | b |\n| --- | --- |\n| x\\|y | z |');
});
