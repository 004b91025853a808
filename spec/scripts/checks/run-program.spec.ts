import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { runExpecting } from '../../../scripts/checks/run-program.ts';
import { temporaryFolder } from '../../_helpers/temporary-folder.ts';

test('a program that prints what is expected passes, whether it ends by itself or on SIGTERM', async (t) => {
  await t.notThrowsAsync(runSource(t, "console.log('all done');"));
  await t.notThrowsAsync(runSource(t, "console.log('all done'); setInterval(() => {}, 1000);"));
});

test('a program that prints something else, fails, or warns, is an error with its output', async (t) => {
  await t.throwsAsync(runSource(t, "console.log('nearly');"), {
    message: /ended without printing: all done\nstdout:\nnearly\n/,
  });
  await t.throwsAsync(runSource(t, 'setInterval(() => {}, 1000);', 300), {
    message: /ran 300 ms without printing: all done/,
  });
  await t.throwsAsync(runSource(t, "console.log('all done'); process.exitCode = 3;"), {
    message: /ended with code 3/,
  });
  await t.throwsAsync(runSource(t, "console.log('all done'); process.emitWarning('careful');"), {
    message: /The process warned: Warning: careful/,
  });
});

async function runSource(t: ExecutionContext, source: string, timeoutMs = 30_000): Promise<void> {
  const cwd = await temporaryFolder(t, { 'program.mjs': source });
  await runExpecting({ program: join(cwd, 'program.mjs'), cwd, expected: 'all done', timeoutMs });
}
