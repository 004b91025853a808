import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** The top of the repository; scripts run compiled, from dist/scripts. */
export const repositoryRoot = resolve(import.meta.dirname, '../../..');

/** Files beside the sources that the compiler does not copy, such as the Maven project. */
export const servicesSource = join(repositoryRoot, 'scripts/services');

/**
 * Where downloads are kept, so that a fresh clone need not fetch them again:
 * $XDG_CACHE_HOME/kasper-ts.
 */
export function cacheFolder(...names: readonly string[]): string {
  const base = process.env['XDG_CACHE_HOME'];
  const folder = join(
    base === undefined || base === '' ? join(homedir(), '.cache') : base,
    'kasper-ts',
    ...names,
  );
  mkdirSync(folder, { recursive: true });
  return folder;
}
