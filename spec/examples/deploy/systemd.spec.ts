import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { repositoryRoot } from '../../../scripts/services/folders.ts';
import { exitCodes } from '../../../source/cli/terminal/exit-codes.ts';
import { optionRows } from '../../../source/config/option-table.ts';
import { kasper } from '../../cli/memory-io.ts';
import { testWith } from '../../_helpers/servers/services.ts';
import { temporaryFolder } from '../../_helpers/temporary-folder.ts';

const run = promisify(execFile);
const UNIT = 'kasper@.service';
const COMMAND = '/opt/job/node_modules/.bin/kasper';

const readUnit = () => readFile(join(repositoryRoot, 'scripts/examples/deploy', UNIT), 'utf8');

/** What `systemd-analyze` says of a unit, whose program is there. */
async function analyze(t: ExecutionContext, text: string, ...args: string[]): Promise<string> {
  const folder = join(await temporaryFolder(t, {}), 'units');
  await mkdir(folder);
  await writeFile(join(folder, UNIT), text.replace(COMMAND, process.execPath));
  const outcome = run('systemd-analyze', [...args, join(folder, UNIT)]);
  const { stdout, stderr } = await outcome.catch(
    (error: unknown) => error as { stdout: string; stderr: string },
  );
  return stdout + stderr;
}

/** The values of a key, in the order in which they stand. */
const valuesOf = (unit: string, key: string) =>
  unit
    .split('\n')
    .filter((line) => line.startsWith(`${key}=`))
    .map((line) => line.slice(key.length + 1));

testWith(['systemd-analyze'], 'systemd finds nothing wrong with the unit, and would', async (t) => {
  const unit = await readUnit();
  t.is(await analyze(t, unit, 'verify'), '');
  t.regex(await analyze(t, unit.replace('Restart=', 'Restrat='), 'verify'), /Unknown key (name )?'Restrat'/);
  t.regex(await analyze(t, unit.replace('=on-failure', '=on-fire'), 'verify'), /on-fire/);
});

testWith(['systemd-analyze'], 'systemd counts the unit as well protected', async (t) => {
  const said = await analyze(t, await readUnit(), 'security', '--offline=true', '--no-pager');
  const [, exposure = 'none'] = /Overall exposure level for \S+: ([\d.]+)/.exec(said) ?? [];
  t.true(Number(exposure) <= 2, said);
});

test('the unit leaves a process the time that close() may take, and starts it again unless a person must look', async (t) => {
  const unit = await readUnit();
  const closeTimeoutMs = optionRows.find(({ name }) => name === 'closeTimeoutMs')?.default as number;
  t.true(Number(valuesOf(unit, 'TimeoutStopSec')[0]) * 1000 >= closeTimeoutMs + 10_000);
  t.deepEqual(valuesOf(unit, 'KillSignal'), ['SIGTERM']);
  const { usage, outOfRange, notOwner } = exitCodes;
  t.deepEqual(valuesOf(unit, 'RestartPreventExitStatus'), [
    [usage, outOfRange, notOwner].map(({ code }) => code).join(' '),
  ]);
  // V8 compiles to memory that is then executed.
  t.deepEqual(valuesOf(unit, 'MemoryDenyWriteExecute'), []);
});

test('the unit gives the partitions of its instance, and an instance without them is an error', async (t) => {
  const [command = ''] = valuesOf(await readUnit(), 'ExecStart');
  const [program, ...args] = command.split(' ');
  t.is(program, COMMAND);
  t.deepEqual(args, ['run', 'job.js', '--partitions', '${KASPER_PARTITIONS}']);
  // As systemd fills in a variable that is not set.
  const { exitCode, stderr } = await kasper(['run', 'job.js', '--partitions', '']);
  t.is(exitCode, exitCodes.usage.code);
  t.regex(stderr, /a number or a range is missing/);
});
