import test from 'ava';
import { parsePage } from '../../../../scripts/checks/markdown/page.ts';
import { findSnippets } from '../../../../scripts/checks/snippets/snippet.ts';

const block = (info: string) => `\`\`\`${info}\na();\n\`\`\`\n\n`;
const find = (markdown: string) => findSnippets([parsePage('a.md', markdown)]);

test('blocks of ts and js are snippets; those with run are run', (t) => {
  const { snippets, faults } = find(['ts', 'ts run', 'js', 'js run', 'sh', ''].map(block).join(''));
  t.deepEqual(
    snippets.map(({ language, runs }) => [language, runs]),
    [
      ['ts', false],
      ['ts', true],
      ['js', false],
      ['js', true],
    ],
  );
  t.deepEqual(faults, []);
});

test('a block cannot escape the check by another mark', (t) => {
  const { snippets, faults } = find(['typescript', 'ts fragment', 'ts run slowly'].map(block).join(''));
  t.deepEqual(snippets, []);
  t.deepEqual(faults, [
    { path: 'a.md', line: 1, message: "the block is marked 'typescript': write ts or js" },
    { path: 'a.md', line: 5, message: "the block is marked 'ts fragment': after ts there may only be 'run'" },
    {
      path: 'a.md',
      line: 9,
      message: "the block is marked 'ts run slowly': after ts there may only be 'run'",
    },
  ]);
});

test('the comment above a block says what it finds in Kafka, and only for one that runs', (t) => {
  const comment = '<!-- program {"topics": {"lines": 2}, "expect": "done"} -->\n\n';
  t.deepEqual(find(comment + block('ts run')).snippets[0]?.setting, { topics: { lines: 2 }, expect: 'done' });
  t.deepEqual(find(comment + block('ts')).faults, [
    { path: 'a.md', line: 3, message: "the block has a comment 'program', and is not marked 'ts run'" },
  ]);
  t.regex(
    find(`<!-- program {topics} -->\n\n${block('ts run')}`).faults[0]?.message ?? '',
    /^the comment 'program' above the block is no JSON: /,
  );
});
