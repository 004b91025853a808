import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder, repositoryRoot } from '../../services/folders.ts';
import { findProgram, run } from '../../services/programs.ts';
import { jobs } from '../jobs/jobs.ts';
import { MissingContenderError, type Contender, type PreparedContender } from './contender.ts';

const BUILD_LIMIT_MS = 300_000;
const source = join(repositoryRoot, 'scripts/bench/go');

/** A loop on franz-go, written by hand: acks and commits overlap with what is read next. */
export const franzGo: Contender = {
  name: 'franz-go',
  jobs: ['consume', 'copy', 'forward', 'filter', 'count-map', 'count-redis'],
  batches: 'each',
  settings: { GOGC: 400, ProducerLingerMs: 5, openRecords: 100_000 },
  sweep: (job) => ({
    GOGC: [100, 400],
    openRecords: [50_000, 100_000, 200_000],
    ...(jobs[job].output !== undefined && { ProducerLingerMs: [0, 5] }),
  }),
  prepare: build,
};

/** Go itself knows what has changed since it was built last. */
async function build(): Promise<PreparedContender> {
  const go = findProgram('go') ?? usualPlace();
  if (go === undefined) throw new MissingContenderError('go was not found on PATH');
  const program = join(cacheFolder('bench-go'), 'bench');
  try {
    await run(go, ['build', '-o', program, '.'], { timeoutMs: BUILD_LIMIT_MS, cwd: source });
  } catch (cause) {
    throw new MissingContenderError(`its program could not be built: ${String(cause)}`, { cause });
  }
  const [, version = 'unknown'] =
    /franz-go v(\S+)/.exec(await readFile(join(source, 'go.mod'), 'utf8')) ?? [];
  const { stdout } = await run(go, ['env', 'GOVERSION'], { timeoutMs: 10_000, cwd: source });
  return { version: `${version} (${stdout.trim()})`, program, args: [] };
}

/** Where Go's own installation puts it. */
function usualPlace(): string | undefined {
  return ['/usr/local/go/bin/go'].find((path) => existsSync(path));
}
