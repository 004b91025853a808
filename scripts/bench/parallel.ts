// How far the work of partitions overlaps, on a real Kafka that it starts:
// `npm run bench -- parallel [--brokers HOST:PORT]`. `concurrency` for batches that wait, beside the
// time that they would take with nothing between their waits; `--workers` for batches that compute,
// beside one worker.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openClient, silentLogger } from '../../source/index.ts';
import { repositoryRoot } from '../services/folders.ts';
import { startKafka } from '../services/kafka-server.ts';
import { makeEvenInput } from './parallel/even-input.ts';
import { runWaiting } from './parallel/waiting-run.ts';

const { values } = parseArgs({ options: { brokers: { type: 'string' } } });
const PARTITIONS = 64;
const BATCH_SIZE = 100;
/** Batches of a partition at full concurrency: enough that the first fetches do not count. */
const WAITING_BATCHES = 400;
const COMPUTING_BATCHES = 20;
const WAIT_MS = 20;
const COMPUTE_MS = 3;
const CONCURRENCIES = [1, 8, 64];
const WORKERS = [1, 2];

const kafka = values.brokers === undefined ? await startKafka({ nodes: 1 }) : undefined;
const broker = values.brokers ?? kafka?.brokers[0] ?? '';
const client = openClient({ brokers: [broker] }, { logger: silentLogger });
try {
  await client.connect();
  for (const concurrency of CONCURRENCIES) {
    // The fewer at a time the fewer batches: each takes some seconds.
    const batchesEach = Math.ceil((WAITING_BATCHES * concurrency) / PARTITIONS);
    const input = await makeEvenInput(client, PARTITIONS, batchesEach * BATCH_SIZE);
    const run = {
      broker,
      input,
      partitions: PARTITIONS,
      concurrency,
      batchSize: BATCH_SIZE,
      waitMs: WAIT_MS,
    };
    const { ms, batches, waitedMs } = await runWaiting(run);
    const idealMs = waitedMs / concurrency;
    console.log(
      `concurrency ${concurrency}: ${batches} batches that wait ${(waitedMs / batches).toFixed(1)} ms in ${ms.toFixed(0)} ms, ${(ms / idealMs).toFixed(2)} x the ideal`,
    );
  }
  const input = await makeEvenInput(client, PARTITIONS, COMPUTING_BATCHES * BATCH_SIZE);
  let aloneMs: number | undefined;
  for (const workers of WORKERS) {
    const ms = await computingMs(input, workers);
    aloneMs ??= ms;
    console.log(
      `${workers} ${workers === 1 ? 'worker' : 'workers'}: ${PARTITIONS * COMPUTING_BATCHES} batches that compute for ${COMPUTE_MS} ms in ${ms.toFixed(0)} ms, ` +
        `${(aloneMs / ms).toFixed(2)} x one`,
    );
  }
} finally {
  await client.close();
  await kafka?.stop();
}

/** How long the command line's workers are at work, from the first batch to the last one, in ms. */
async function computingMs(input: string, workers: number): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'kasper-parallel-'));
  try {
    const job = join(import.meta.dirname, 'parallel/computing-job.js');
    const args = [join(repositoryRoot, 'dist/source/cli/bin.js'), 'run', job, '--brokers', broker];
    const env = {
      PARALLEL_NAME: randomUUID(),
      PARALLEL_INPUT: input,
      PARALLEL_BATCH_MS: String(COMPUTE_MS),
      PARALLEL_FOLDER: folder,
    };
    const child = spawn(
      process.execPath,
      [...args, '--workers', String(workers), '--to-end', '--log-level', 'error'],
      {
        env: { ...process.env, ...env },
        stdio: ['ignore', 'ignore', 'inherit'],
      },
    );
    const [code] = (await once(child, 'exit')) as [number | null];
    if (code !== 0) throw new Error(`kasper run with ${workers} workers ended with ${String(code)}`);
    const files = await readdir(folder);
    if (files.length !== workers) throw new Error(`${files.length} workers were at work of ${workers}`);
    const spans = await Promise.all(
      files.map(
        async (file) =>
          JSON.parse(await readFile(join(folder, file), 'utf8')) as { from: number; to: number },
      ),
    );
    return Math.max(...spans.map(({ to }) => to)) - Math.min(...spans.map(({ from }) => from));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
