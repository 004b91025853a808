import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';

/** A folder with one file in it, removed when the test ends. */
export async function folderWith(t: ExecutionContext, name: string, text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'kasper-job-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, name), text);
  return folder;
}
