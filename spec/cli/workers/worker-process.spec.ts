import test, { type ExecutionContext } from 'ava';
import { WorkerProcess } from '../../../source/cli/workers/worker-process.ts';
import { until } from '../../_helpers/until.ts';
import { environment } from '../child.ts';
import { folderWith } from '../job-file.ts';
import { memoryOutput } from '../memory-io.ts';

/** Longer than a worker needs to stop, on any machine. */
const LONG_MS = 60_000;

/** A worker whose job file begins with this, and writes `here` when it is imported. */
async function workerWith(t: ExecutionContext, text: string) {
  const cwd = await folderWith(
    t,
    'job.mjs',
    `console.log('here'); ${text}
     export default { topicProcessorName: 'a', inputTopics: ['lines'], client: { brokers: ['x:1'] }, processor: { process() {} } };`,
  );
  const { stream, text: printed } = memoryOutput();
  const worker = new WorkerProcess({
    task: {
      ...{ worker: 2, file: 'job.mjs', cwd, partitions: [4, 5, 6] },
      ...{ given: [], json: false, isScraped: false, width: undefined },
    },
    surroundings: {
      io: { env: environment(), stdout: stream },
      progress: { write: (lines) => stream.write(lines) },
      shutdown: { request: () => undefined },
    },
  });
  t.teardown(async () => {
    worker.kill();
    await worker.ended;
  });
  return {
    worker,
    printed,
    started: () => until(() => printed().includes('here\n'), { deadlineMs: LONG_MS, what: 'the import' }),
  };
}

test('a worker has the larger young generation', async (t) => {
  const { worker, printed, started } = await workerWith(t, 'console.log(`options ${process.execArgv}`);');
  await started();
  await until(() => printed().includes('options '), { deadlineMs: LONG_MS, what: 'its options' });
  t.regex(printed(), /options .*--max-semi-space-size=64/);
  worker.stop(LONG_MS);
  await worker.ended;
});

test('a worker that is stopped while its job file is imported ends as one that did nothing', async (t) => {
  const { worker, started } = await workerWith(t, 'await new Promise(() => setInterval(() => {}, 1000));');
  await started();
  worker.stop(LONG_MS);
  t.like(await worker.ended, { kind: 'done', summary: { records: 0, partitions: [] } });
});

test('a worker that blocks its event loop hears of no stop, and is killed after the time for that', async (t) => {
  const { worker, started } = await workerWith(t, 'for (;;);');
  await started();
  worker.stop(50);
  const message = `worker 2 (pid ${worker.pid}, partitions 4-6) did not stop within 50 ms, and was killed: its process function blocks the event loop, or something does not close`;
  t.deepEqual(await worker.ended, {
    kind: 'failed',
    failure: {
      code: 'WORKER',
      message,
      text: `error: ${message}. What it had not committed is reprocessed at the next start`,
      exitCode: 4,
    },
  });
});

test('a worker whose job calls process.exit(0) has failed, and the line is named', async (t) => {
  const { worker, printed } = await workerWith(t, '\nprocess.exit(0);');
  const end = await worker.ended;
  t.like(end, { kind: 'failed', failure: { code: 'WORKER', exitCode: 1 } });
  t.regex(printed(), /error: process\.exit\(0\) was called at .*job\.mjs:2:9/);
});

test('a worker that has ended already is not waited for when it is told to stop', async (t) => {
  const { worker, started } = await workerWith(t, 'for (;;);');
  await started();
  worker.kill();
  await worker.ended;
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  const before = timers();
  worker.stop(LONG_MS);
  t.is(timers(), before);
});
