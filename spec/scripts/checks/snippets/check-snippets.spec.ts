import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { parsePage } from '../../../../scripts/checks/markdown/page.ts';
import { packTarball } from '../../../../scripts/checks/packed-package.ts';
import { checkSnippets } from '../../../../scripts/checks/snippets/check-snippets.ts';

let folder = '';
let tarball = '';

test.before('the package is packed once', async () => {
  folder = await mkdtemp(join(tmpdir(), 'kasper-spec-'));
  tarball = await packTarball(folder);
});

test.after.always(async () => {
  await rm(folder, { recursive: true, force: true });
});

test.serial(
  'snippets compile with the packed package, and run on a cluster that has what they need',
  async (t) => {
    const page = parsePage(
      'source/README.md',
      `# Clean

\`\`\`ts
import type { MessageProcessor } from 'kasper-ts';
import { Redis } from 'ioredis';

export const processor: MessageProcessor = { process() {} };
export const open = (): Redis => new Redis();
\`\`\`

<!-- program {"topics": {"lines": 1}, "records": [{"topic": "lines", "value": "one"}], "expect": "1 line"} -->

\`\`\`ts run
import { TopicProcessor } from 'kasper-ts';

const processor = new TopicProcessor(
  { topicProcessorName: 'clean', client: { brokers: ['localhost:9092'] }, inputTopics: ['lines'], inputPartitions: [0] },
  { process() {} },
);
const { records } = await processor.runToEnd();
console.log(\`\${records} line\`);
\`\`\`

\`\`\`js run
if (process.env['KAFKA_BROKERS'] === undefined) throw new Error('There is no address');
\`\`\`
`,
    );
    t.deepEqual(await checkSnippets(tarball, [page]), { compiled: 3, ran: 2, faults: [] });
  },
);

test.serial('snippets that do not compile, throw or warn are faults with their page and line', async (t) => {
  const types = parsePage(
    'types.md',
    `# Types

\`\`\`ts run
import { TopicProcessor } from 'kasper-ts';

const count: number = 'one';
new TopicProcessor();
\`\`\`

\`\`\`js
import { nothing } from 'kasper-ts';
\`\`\`
`,
  );
  const runs = parsePage(
    'more/runs.md',
    `\`\`\`ts run
const text: string = 'thrown';

throw new Error(text);
\`\`\`

\`\`\`ts run
process.emitWarning('careful');
\`\`\`
`,
  );
  const { compiled, ran, faults } = await checkSnippets(tarball, [types, runs]);
  t.is(compiled, 4);
  t.is(ran, 2, 'what does not compile is not run');
  const at = (path: string, line: number) =>
    faults.filter((fault) => fault.path === path && fault.line === line).map(({ message }) => message);
  t.deepEqual(at('types.md', 6), [
    "in the block of line 3: error TS2322: Type 'string' is not assignable to type 'number'.",
  ]);
  t.regex(
    at('types.md', 7)[0] ?? '',
    /^in the block of line 3: error TS2554: Expected 1-2 arguments, but got 0\.$/,
  );
  t.regex(
    at('types.md', 11)[0] ?? '',
    /^in the block of line 10: error TS2305: .* no exported member 'nothing'\.$/,
  );
  t.regex(at('more/runs.md', 1)[0] ?? '', /Error: thrown\n +at .*more\/runs\.md:4:7/);
  t.regex(at('more/runs.md', 7)[0] ?? '', /The process warned: Warning: careful/);
  t.is(faults.length, 5);
});
