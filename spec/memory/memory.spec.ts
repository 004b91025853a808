import { fork, type ChildProcess } from 'node:child_process';
import test, { type ExecutionContext } from 'ava';
import { EmbeddedCluster } from '../../source/embedded/index.ts';
import { openClient, silentLogger } from '../../source/index.ts';
import type { MeasuredJobOptions, MeasuredJobReport } from './measured-job.ts';

const MiB = 1024 * 1024;
/**
 * What a fetch under way, the receive buffers of sockets and one response that is being taken apart
 * may hold beyond the budget.
 */
const OVERSHOOT = 12 * MiB;
/**
 * Garbage: V8 begins to collect when so much external memory was added since the last collection.
 */
const GARBAGE = 64 * MiB;
/** Node, the library and a heap of 64 MB, before any record. */
const BASE_RSS = 150 * MiB;

async function filledCluster(
  t: ExecutionContext,
  partitions: number,
  perPartition: number,
  valueBytes: number,
) {
  const cluster = await EmbeddedCluster.start({ brokers: 1, topics: { input: partitions } });
  t.teardown(() => cluster.close());
  const client = openClient({ brokers: cluster.brokers }, { logger: silentLogger });
  t.teardown(() => client.close());
  await client.connect();
  const sink = client.sink({ idempotent: true, compression: 'none', retryTimeoutMs: 10_000 });
  await sink.loadTopic('input');
  const accumulator = sink.accumulator();
  const record = { key: null, value: Buffer.alloc(valueBytes, 'v'), headers: [], timestamp: 1 };
  for (let i = 0; i < partitions * perPartition; i++) {
    accumulator.append('input', i % partitions, accumulator.measure(record));
    if (accumulator.bytes > 16 * MiB) await accumulator.flush();
  }
  await accumulator.flush();
  await sink.close();
  return cluster;
}

function startJob(t: ExecutionContext, options: MeasuredJobOptions): ChildProcess {
  const child = fork(new URL('measured-job.js', import.meta.url), {
    execArgv: ['--max-old-space-size=64', '--expose-gc'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  child.send(options);
  return child;
}

/**
 * Resolves with the first report for which `isWanted` holds; rejects when the child ends before.
 */
function nextReport(
  child: ChildProcess,
  isWanted: (report: MeasuredJobReport) => boolean,
): Promise<MeasuredJobReport> {
  return new Promise((resolve, reject) => {
    const onMessage = (message: unknown) => {
      const report = message as MeasuredJobReport;
      if (!isWanted(report)) return;
      child.off('message', onMessage);
      child.off('exit', onExit);
      resolve(report);
    };
    const onExit = (code: number | null) => {
      reject(new Error(`The child ended with ${String(code)} before it reported`));
    };
    child.on('message', onMessage);
    child.on('exit', onExit);
  });
}

async function doneReport(child: ChildProcess) {
  const report = await nextReport(child, ({ kind }) => kind === 'done');
  if (report.kind !== 'done') throw new Error(report.kind);
  return report;
}

function assertWithinBudget(
  t: ExecutionContext,
  report: Extract<MeasuredJobReport, { kind: 'done' }>,
  maxBufferBytes: number,
) {
  const live = maxBufferBytes + OVERSHOOT;
  t.log(
    `budget ${maxBufferBytes / MiB} MiB: ${Math.round(report.peakLive / MiB)} live, ` +
      `${Math.round(report.peakArrayBuffers / MiB)} in array buffers, ${Math.round(report.peakRss / MiB)} resident (MiB, peaks)`,
  );
  t.true(report.peakLive > 0);
  t.true(report.peakLive < live, `${report.peakLive} bytes are held`);
  t.true(report.peakArrayBuffers < live + GARBAGE, `${report.peakArrayBuffers} bytes in array buffers`);
  t.true(report.peakRss < BASE_RSS + live + GARBAGE, `${report.peakRss} bytes resident`);
}

test('200 partitions whose batches would need far more than the budget stay within it', async (t) => {
  const partitions = 200;
  const cluster = await filledCluster(t, partitions, 2500, 500);
  const maxBufferBytes = 4 * MiB;
  const child = startJob(t, {
    brokers: cluster.brokers,
    topic: 'input',
    partitions,
    batchSize: 10_000,
    maxBufferBytes,
    holdFirstBatch: false,
  });
  const report = await doneReport(child);
  t.is(report.records, partitions * 2500);
  assertWithinBudget(t, report, maxBufferBytes);
  t.true(report.memoryBatches > 0, 'no batch was due by memory, so the budget was never reached');
});

test('messages of 1 MB stay within the budget', async (t) => {
  const partitions = 40;
  const cluster = await filledCluster(t, partitions, 5, 900_000);
  const maxBufferBytes = 16 * MiB;
  const child = startJob(t, {
    brokers: cluster.brokers,
    topic: 'input',
    partitions,
    batchSize: 1000,
    maxBufferBytes,
    holdFirstBatch: false,
  });
  const report = await doneReport(child);
  t.is(report.records, partitions * 5);
  assertWithinBudget(t, report, maxBufferBytes);
});

test('a processor that does not come back leaves memory where it is, and fetching stops', async (t) => {
  const partitions = 8;
  const cluster = await filledCluster(t, partitions, 20_000, 1000);
  const maxBufferBytes = 16 * MiB;
  const child = startJob(t, {
    brokers: cluster.brokers,
    topic: 'input',
    partitions,
    batchSize: 1000,
    maxBufferBytes,
    holdFirstBatch: true,
  });
  const fetches = () => cluster.requests('Fetch').reduce((sum, { count }) => sum + count, 0);
  // Held until the buffers are full: 20 reports in a row in which nothing was added and no fetch
  // was sent.
  let before = { bufferedBytes: -1, fetched: -1 };
  let unchanged = 0;
  let peakArrayBuffers = 0;
  await nextReport(child, (report) => {
    if (report.kind !== 'holding') return false;
    peakArrayBuffers = Math.max(peakArrayBuffers, report.arrayBuffers);
    if (report.bufferedBytes === 0) return false;
    const now = { bufferedBytes: report.bufferedBytes, fetched: fetches() };
    unchanged =
      now.bufferedBytes === before.bufferedBytes && now.fetched === before.fetched ? unchanged + 1 : 0;
    before = now;
    return unchanged === 20;
  });
  t.true(before.bufferedBytes > 0);
  t.true(before.bufferedBytes <= maxBufferBytes + OVERSHOOT, `${before.bufferedBytes} bytes buffered`);
  t.true(
    peakArrayBuffers < maxBufferBytes + OVERSHOOT + GARBAGE,
    `${peakArrayBuffers} bytes in array buffers`,
  );
  child.send('go');
  const report = await doneReport(child);
  t.is(report.records, partitions * 20_000);
  assertWithinBudget(t, report, maxBufferBytes);
});
