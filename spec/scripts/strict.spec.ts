import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { repositoryRoot } from '../../scripts/services/folders.ts';
import { runNode } from '../_helpers/child-process.ts';
import { temporaryFolder } from '../_helpers/temporary-folder.ts';

const strict = join(import.meta.dirname, '../_helpers/strict.js');

/** Programs that go wrong without an assertion noticing, and what must be said of them. */
const faults = {
  'a process warning': ["process.emitWarning('careful', 'CarefulWarning');", /CarefulWarning: careful/],
  'too many listeners': [
    "const e = new EventTarget(); const { setMaxListeners } = await import('node:events'); setMaxListeners(1, e); e.addEventListener('x', () => 1); e.addEventListener('x', () => 2);",
    /MaxListenersExceededWarning/,
  ],
  'a rejection that nobody handles': ["void Promise.reject(new Error('lost'));", /lost/],
  'an exception that nobody catches': ["setImmediate(() => { throw new Error('stray'); });", /stray/],
} as const;

for (const [fault, [code, report]] of Object.entries(faults)) {
  test(`${fault} fails a spec file whose assertions pass`, async (t) => {
    const { code: exitCode, output } = await runSpec(t, code);
    t.is(exitCode, 1, output);
    t.regex(output, report);
  });

  test(`${fault} ends a process that a spec started with an error`, async (t) => {
    const { code: exitCode, output } = await runNode(['--import', strict, '--eval', moduleOf(code)], {
      env: { NODE_OPTIONS: '--unhandled-rejections=warn' },
    });
    t.not(exitCode, 0, output);
    t.regex(output, report);
  });
}

test('a spec file and a process without such faults pass', async (t) => {
  const spec = await runSpec(t, '');
  t.is(spec.code, 0, spec.output);
  t.regex(spec.output, /1 test passed/);
  const child = await runNode(['--import', strict, '--eval', 'process.exitCode = 0;']);
  t.is(child.code, 0, child.output);
});

/**
 * Runs a spec file of one passing test as this project's are run: with the settings of package.json
 * and strict.ts.
 */
async function runSpec(t: ExecutionContext, code: string) {
  const folder = await temporaryFolder(t, {
    'package.json': JSON.stringify({
      type: 'module',
      ava: { files: ['*.spec.js'], require: [strict], timeout: '1m' },
    }),
    'fault.spec.js': [
      "import test from 'ava';",
      "test('passes', async (t) => {",
      `  ${code}`,
      '  await new Promise((resolve) => { setTimeout(resolve, 100); });',
      '  t.is(1, 1);',
      '});',
    ].join('\n'),
  });
  await symlink(join(repositoryRoot, 'node_modules'), join(folder, 'node_modules'));
  return runNode([join(repositoryRoot, 'node_modules/ava/entrypoints/cli.mjs')], { cwd: folder });
}

function moduleOf(code: string): string {
  return `(async () => { ${code} })();`;
}
