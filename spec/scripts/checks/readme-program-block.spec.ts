import test from 'ava';
import { parseReadmeProgram } from '../../../scripts/checks/readme-program-block.ts';

test('the program is the first TypeScript block after its mark', (t) => {
  const text = [
    '```ts\nother();\n```',
    '<!-- program {"topics": {"tweets": 4},\n"expect": "done"} -->',
    '```ts\nconst a = 1;\nawait b(a);\n```',
    '```ts\nlater();\n```',
  ].join('\n\n');
  t.deepEqual(parseReadmeProgram(text), {
    setting: { topics: { tweets: 4 }, expect: 'done' },
    code: 'const a = 1;\nawait b(a);',
  });
});

test('a README without a marked program is an error', (t) => {
  t.throws(() => parseReadmeProgram('```ts\nother();\n```'), { message: /has no `<!-- program/ });
});
