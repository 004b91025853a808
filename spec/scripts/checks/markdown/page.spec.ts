import test from 'ava';
import { parsePage } from '../../../../scripts/checks/markdown/page.ts';

test('the title of a page is its first heading', (t) => {
  t.is(parsePage('a.md', 'Before\n\n# The `one`\n\n# Two').title, 'The one');
  t.is(parsePage('a.md', 'None').title, 'a.md');
});

test('anchors are those of GitHub: lower case, without punctuation, numbered where they repeat', (t) => {
  const text = '# What\'s new?\n## `run` & [stop](b.md)\n## Same\n## Same\n## Same-1\n<a id="here"></a>\n';
  t.deepEqual(
    [...parsePage('a.md', text).anchors],
    ['whats-new', 'run--stop', 'same', 'same-1', 'same-1-1', 'here'],
  );
});

test('links, pictures, references and those in HTML are found with their lines, not what stands in code', (t) => {
  const text = [
    '[one](a.md#x) and',
    'two `[no](code.md)` [three][ref]',
    '',
    '| head |',
    '| --- |',
    '| [cell](cell.md) |',
    '',
    '[![picture](p%20q.png)](around.md)',
    '',
    '<p>',
    '<img src="html.png"></p>',
    '',
    '<!-- <a href="comment.md"> -->',
    '',
    '```md',
    '[no](block.md)',
    '```',
    '',
    '[ref]: reference.md',
  ];
  t.deepEqual(parsePage('a.md', text.join('\n')).links, [
    { target: 'a.md#x', text: 'one', line: 1 },
    { target: 'reference.md', text: 'three', line: 2 },
    { target: 'cell.md', text: 'cell', line: 6 },
    { target: 'around.md', text: '', line: 8 },
    { target: 'p q.png', line: 8 },
    { target: 'html.png', line: 11 },
  ]);
});

test('a block has its line, its mark, and the program comment directly above it', (t) => {
  const text =
    '<!-- program {"expect": "done"} -->\n\n```ts run\na();\n```\n\n- item\n\n  ```js\n  b();\n  ```\n';
  t.deepEqual(parsePage('a.md', text).blocks, [
    { info: 'ts run', code: 'a();\n', line: 3, program: '{"expect": "done"}' },
    { info: 'js', code: 'b();\n', line: 9 },
  ]);
});
