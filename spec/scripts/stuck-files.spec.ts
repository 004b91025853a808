import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { repositoryRoot } from '../../scripts/services/folders.ts';
import { runNode } from '../_helpers/child-process.ts';
import { temporaryFolder } from '../_helpers/temporary-folder.ts';

/** Stops the thread of the file at its exit, where nothing can reach it. */
const hangAtExit = `process.on('exit', () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));`;

test('a file that does not end after its last spec is named, and the run fails', async (t) => {
  const { code, signal, output } = await runFiles(t, {
    'good.spec.js': '',
    'stuck.spec.js': hangAtExit,
  });
  t.deepEqual([code, signal], [null, 'SIGKILL'], output);
  t.regex(output, /^ok \d - good › passes$/m);
  t.regex(output, /^ok \d - stuck › passes$/m);
  t.regex(output, /All specs of \S+\/stuck\.spec\.js are reported, and \d s later it has not ended\./);
  t.notRegex(output, /All specs of \S+\/good\.spec\.js/);
});

test('the processes that live beside a stuck file are named, too', async (t) => {
  const started = `const { spawn } = await import('node:child_process');
    spawn(process.execPath, ['--eval', 'setTimeout(() => 0, 20_000)', 'left-alone'], { stdio: 'ignore' }).unref();`;
  const { output } = await runFiles(t, { 'stuck.spec.js': `${started} ${hangAtExit}` });
  t.regex(output, /Processes that ava has started:\n\d+ \S*node --eval .* left-alone/);
});

test('a run whose files end is left alone, however long one of its specs takes', async (t) => {
  const { code, output } = await runFiles(t, {
    'good.spec.js': '',
    'slow.spec.js': 'await new Promise((resolve) => { setTimeout(resolve, 4_000); });',
  });
  t.is(code, 0, output);
  t.notRegex(output, /All specs of/);
});

/** Runs spec files of one passing test each, watched with a limit of a second. */
async function runFiles(t: ExecutionContext, bodies: Readonly<Record<string, string>>) {
  const watch = join(repositoryRoot, 'dist/scripts/stuck-files.js');
  const specs = Object.entries(bodies).map(
    ([name, body]) =>
      [name, `import test from 'ava';\ntest('passes', async (t) => { ${body}\n t.pass(); });`] as const,
  );
  const folder = await temporaryFolder(t, {
    'package.json': JSON.stringify({ type: 'module' }),
    'ava.config.js': [
      `import { StuckFiles } from ${JSON.stringify(watch)};`,
      'export default {',
      "  files: ['*.spec.js'],",
      "  timeout: '1m',",
      '  nonSemVerExperiments: { observeRunsFromConfig: true },',
      '  observeRun: ({ events }) => new StuckFiles(1_000).watch(events),',
      '};',
    ].join('\n'),
    ...Object.fromEntries(specs),
  });
  await symlink(join(repositoryRoot, 'node_modules'), join(folder, 'node_modules'));
  return runNode([join(repositoryRoot, 'node_modules/ava/entrypoints/cli.mjs'), '--tap'], { cwd: folder });
}
