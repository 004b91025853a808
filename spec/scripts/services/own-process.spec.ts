import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import test from 'ava';
import { repositoryRoot } from '../../../scripts/services/folders.ts';
import { processStamp, startOwnProcess } from '../../../scripts/services/own-process.ts';
import { testWith } from '../../_helpers/servers/services.ts';
import { until } from '../../_helpers/until.ts';
import { temporaryFolder } from '../../_helpers/temporary-folder.ts';

const forever = 'setInterval(() => {}, 1000)';

for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
  // Without setpriv a killed starter leaves its servers behind.
  testWith(['setpriv'], `a server ends with the process that started it, also by ${signal}`, async (t) => {
    const cwd = await temporaryFolder(t, {});
    const module = join(repositoryRoot, 'dist/scripts/services/own-process.js');
    const program = [
      `import { startOwnProcess } from ${JSON.stringify(module)};`,
      'const own = await startOwnProcess({',
      `  command: process.execPath, args: ['-e', ${JSON.stringify(forever)}], logFile: 'log', lifetime: 'with-starter', cwd: '.',`,
      '});',
      'console.log(own.pid);',
      forever,
    ].join('\n');
    const starter = spawn(process.execPath, ['--input-type=module', '--eval', program], { cwd });
    t.teardown(() => starter.kill('SIGKILL'));
    const [bytes] = (await once(starter.stdout, 'data')) as [Buffer];
    const pid = Number(bytes.toString());
    t.not(processStamp(pid), undefined);

    starter.kill(signal);

    await until(() => isGone(pid), { deadlineMs: 10_000, what: `process ${pid} to end` });
    t.true(isGone(pid));
  });
}

test('a server can be frozen, goes on, and reports its end', async (t) => {
  const cwd = await temporaryFolder(t, {});
  const own = await startOwnProcess({
    command: process.execPath,
    args: ['-e', forever],
    logFile: join(cwd, 'log'),
    lifetime: 'with-starter',
    cwd,
  });
  own.signal('SIGSTOP');
  own.signal('SIGCONT');
  t.is(own.ended, undefined);
  own.signal('SIGKILL');
  t.deepEqual(await own.end, { code: null, signal: 'SIGKILL' });
  t.deepEqual(own.ended, { code: null, signal: 'SIGKILL' });
});

test('a program that does not exist is an error', async (t) => {
  const cwd = await temporaryFolder(t, {});
  const options = { args: [], logFile: join(cwd, 'log'), lifetime: 'detached', cwd } as const;
  await t.throwsAsync(startOwnProcess({ ...options, command: '/nowhere/server' }), {
    message: '/nowhere/server could not be started',
  });
});

function isGone(pid: number): boolean {
  return processStamp(pid) === undefined;
}
