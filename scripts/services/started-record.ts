import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { services, type ServiceName } from './catalogue.ts';
import { composeDown } from './compose.ts';
import { cacheFolder } from './folders.ts';
import { processStamp } from './own-process.ts';
import type { ProvidedService } from './provide.ts';
import { until } from './until.ts';

/**
 * What `services start` started, written down for `services stop`, which runs in another process.
 */
interface StartedRecord {
  readonly how: 'compose' | 'local';
  readonly processes: readonly { readonly pid: number; readonly stamp: string }[];
}

/** The folder of a service that outlives its starter. */
export function detachedFolder(name: ServiceName): string {
  return join(cacheFolder('running'), name);
}

export async function recordStarted({ name, how, local }: ProvidedService): Promise<void> {
  if (how === 'listening') return;
  const record: StartedRecord = {
    how,
    processes: (local?.pids ?? []).map((pid) => ({ pid, stamp: processStamp(pid) ?? '' })),
  };
  await mkdir(detachedFolder(name), { recursive: true });
  await writeFile(recordFile(name), JSON.stringify(record));
}

/**
 * Ends what was recorded, and only that: a process id that another process got since is left alone.
 * False if there was nothing.
 */
export async function stopRecorded(name: ServiceName): Promise<boolean> {
  if (!existsSync(recordFile(name))) return false;
  const { how, processes } = JSON.parse(await readFile(recordFile(name), 'utf8')) as StartedRecord;
  if (how === 'compose') await composeDown(services[name].composeServices);
  const ours = processes.filter(({ pid, stamp }) => stamp !== '' && processStamp(pid) === stamp);
  for (const { pid } of ours) process.kill(pid, 'SIGTERM');
  for (const { pid, stamp } of ours) {
    const gone = () => processStamp(pid) !== stamp;
    await until(gone, { deadlineMs: 15_000, what: `process ${pid} of ${name} to end` }).catch(() => {
      process.kill(pid, 'SIGKILL');
    });
    await until(gone, { deadlineMs: 5_000, what: `process ${pid} of ${name} to end after SIGKILL` });
  }
  await rm(detachedFolder(name), { recursive: true });
  return true;
}

function recordFile(name: ServiceName): string {
  return join(detachedFolder(name), 'started.json');
}
