import { existsSync } from 'node:fs';
import { join } from 'node:path';
import zlib from 'node:zlib';
import { cacheFolder } from '../../services/folders.ts';
import { findProgram, run } from '../../services/programs.ts';
import { jobs } from '../jobs/jobs.ts';
import { MissingContenderError, type Contender, type PreparedContender } from './contender.ts';
import { nodeProgram } from './node-program.ts';

/** The newest that runs on Node 20. */
const VERSION = '1.35.0';
const INSTALL_LIMIT_MS = 120_000;

/** \@platformatic/kafka: its stream of messages, gathered to batches with a commit after each. */
export const platformatic: Contender = {
  name: 'platformatic',
  jobs: ['consume', 'copy', 'filter', 'count-map', 'count-redis', 'json'],
  batches: 'largest',
  settings: { highWaterMark: 1024, maxBytesPerPartition: 1_048_576, messagesPerSend: 1000 },
  sweep: (job) => ({
    highWaterMark: [1024, 20_000],
    maxBytesPerPartition: [1_048_576, 4_194_304],
    ...(jobs[job].output !== undefined && { messagesPerSend: [1000, 5000] }),
  }),
  lacks: ({ compression }) =>
    compression === 'zstd' && !('zstdCompressSync' in zlib)
      ? 'it takes zstd from Node.js, which has it from 22.15 on'
      : undefined,
  prepare: install,
};

/** It is no dependency of this project: it is installed in a folder of its own. */
async function install(): Promise<PreparedContender> {
  const folder = cacheFolder(`platformatic-kafka-${VERSION}`);
  if (!existsSync(join(folder, 'node_modules/@platformatic/kafka/package.json'))) {
    const npm = findProgram('npm');
    if (npm === undefined) throw new MissingContenderError('npm was not found on PATH');
    const args = ['install', '--prefix', folder, '--no-save', '--no-package-lock', '--ignore-scripts'];
    try {
      await run(npm, [...args, `@platformatic/kafka@${VERSION}`], {
        timeoutMs: INSTALL_LIMIT_MS,
        cwd: folder,
      });
    } catch (cause) {
      throw new MissingContenderError(`it could not be installed: ${String(cause)}`, { cause });
    }
  }
  return { version: VERSION, ...nodeProgram('platformatic.js'), env: { PLATFORMATIC_FOLDER: folder } };
}
