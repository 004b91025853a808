import { join } from 'node:path';
import test from 'ava';
import { ConfigError, TimeoutError } from 'kasper-ts';
import { importFile } from '../../../source/cli/settings/module-file.ts';
import { FakeClock } from '../../../source/testing/fake-clock.ts';
import { folderWith } from '../job-file.ts';
import { memoryOutput } from '../memory-io.ts';

/** An import of a file whose top level awaits what never comes. */
async function endless(t: Parameters<typeof folderWith>[0]) {
  const folder = await folderWith(t, 'job.mjs', 'await new Promise(() => {});');
  const idle = new Set<() => void>();
  const { stream, text } = memoryOutput();
  const clock = new FakeClock();
  const imported = importFile('job.mjs', join(folder, 'job.mjs'), {
    clock,
    stderr: stream,
    onIdle: (listener) => {
      idle.add(listener);
      return () => idle.delete(listener);
    },
  });
  imported.catch(() => undefined);
  return { imported, clock, idle, stderr: text };
}

test('an import that takes long is said after 5 s, and given up after a minute', async (t) => {
  const { imported, clock, idle, stderr } = await endless(t);
  await clock.advance(4_999);
  t.is(stderr(), '');
  await clock.advance(1);
  t.is(
    stderr(),
    'warning: job.mjs: an `await` at its top level is not over after 5 s; kasper waits for 60 s\n',
  );
  await clock.advance(55_000);
  const error = await t.throwsAsync(imported, { instanceOf: TimeoutError });
  t.is(
    error.message,
    'job.mjs was not imported within 60 s: an `await` at its top level is not over. ' +
      'Find out what it waits for; what takes long belongs in init() of the processor',
  );
  t.is(idle.size, 0);
});

test('an import that nothing can settle is refused as soon as that is known', async (t) => {
  const { imported, clock, idle } = await endless(t);
  for (const listener of idle) listener();
  const error = await t.throwsAsync(imported, { instanceOf: ConfigError });
  t.is(
    error.message,
    'job.mjs: its import cannot end: an `await` at its top level waits for a promise that nothing will settle',
  );
  t.is(clock.pending, 0, 'no timer is left');
});
