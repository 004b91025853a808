import test, { type ExecutionContext } from 'ava';
import { openClient, silentLogger } from 'kasper-ts';
import { sendRecords } from '../../../scripts/examples/cluster.ts';
import { startEmbedded } from '../../_helpers/servers/clusters.ts';
import { startChild, type Child } from '../child.ts';
import { folderWith } from '../job-file.ts';

const JOB = "topicProcessorName: 'a', inputTopics: ['lines']";
const EMPTY_JOB = `export default { ${JOB}, processor: { process() {} } };`;

/** `kasper` in a folder with this job file. */
async function kasperWith(
  t: ExecutionContext,
  text: string,
  argv: readonly string[],
  name = 'job.mjs',
): Promise<Child> {
  const folder = await folderWith(t, name, text);
  return startChild(t, 'source/cli/bin', argv, { cwd: folder });
}

async function brokersOf(t: ExecutionContext): Promise<readonly string[]> {
  const cluster = await startEmbedded(t, { brokers: 1, topics: { lines: 1 } });
  const client = openClient({ brokers: cluster.brokers }, { logger: silentLogger });
  t.teardown(() => client.close());
  await client.connect();
  await sendRecords(client, 'lines', [{ value: 'a' }]);
  return ['--brokers', cluster.brokers.join(',')];
}

for (const argv of [
  ['run', 'job.mjs', '--brokers', 'x:1'],
  ['lint', 'job.mjs', '--offline'],
  ['config', 'show', 'job.mjs'],
]) {
  test.serial(
    `kasper ${argv[0]}: a job file whose import can never end is refused, with a line that names it`,
    async (t) => {
      const child = await kasperWith(t, `await new Promise(() => {}); ${EMPTY_JOB}`, argv);
      t.deepEqual(await child.exited, { code: 2, signal: null });
      t.is(child.stdout, '');
      t.is(
        child.stderr,
        'error: job.mjs: its import cannot end: an `await` at its top level waits for a promise that nothing will settle\n',
      );
    },
  );
}

test.serial('a configuration file whose import can never end is refused, too', async (t) => {
  const text = 'await new Promise(() => {}); export default {};';
  const child = await kasperWith(t, text, ['config', 'show', '--config', 'settings.mjs'], 'settings.mjs');
  t.deepEqual(await child.exited, { code: 2, signal: null });
  t.regex(child.stderr, /settings\.mjs: its import cannot end: /);
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test.serial(`${signal} while the job file is imported ends the run with 0`, async (t) => {
    const text = `console.log('importing'); await new Promise(() => setInterval(() => {}, 1000)); ${EMPTY_JOB}`;
    const child = await kasperWith(t, text, ['run', 'job.mjs', '--brokers', 'x:1']);
    await child.until('stdout', /importing/);
    child.kill(signal);
    t.deepEqual(await child.exited, { code: 0, signal: null });
    t.is(child.stderr, 'Stopping before the run has begun\n');
  });
}

test.serial('SIGTERM while Kafka is asked for the partitions ends the run with 0', async (t) => {
  const child = await kasperWith(t, EMPTY_JOB, ['run', 'job.mjs', '--brokers', 'localhost:1']);
  await child.until('stderr', /ECONNREFUSED/);
  child.kill('SIGTERM');
  t.deepEqual(await child.exited, { code: 0, signal: null });
  t.regex(child.stderr, /^Stopping before the run has begun$/m);
});

test.serial('process.exit(0) in a job is a failure, and the line that called it is named', async (t) => {
  const text = `export default { ${JOB}, processor: {\nprocess() { process.exit(0); } } };`;
  const child = await kasperWith(t, text, ['run', 'job.mjs', '--to-end', ...(await brokersOf(t))]);
  t.deepEqual(await child.exited, { code: 1, signal: null });
  t.is(child.stdout, '');
  t.regex(
    child.stderr,
    /\nerror: process\.exit\(0\) was called at .*job\.mjs:2:21\)?, before kasper had ended\. What was not committed is reprocessed at the next start\. A job must not call process\.exit: .*\n$/,
  );
});

test.serial('process.exit while a job file is imported, with a code that means something else', async (t) => {
  const child = await kasperWith(t, 'process.exit(6);', ['lint', 'job.mjs', '--offline']);
  t.deepEqual(await child.exited, { code: 1, signal: null });
  t.regex(child.stderr, /^error: process\.exit\(6\) was called at .*job\.mjs:1:9/);
});

test.serial(
  'what a job throws outside of its functions ends the process as Node.js does, and nothing is added',
  async (t) => {
    const text = `setTimeout(() => { throw new Error('outside'); }, 1); await new Promise(() => setInterval(() => {}, 1000)); ${EMPTY_JOB}`;
    const child = await kasperWith(t, text, ['run', 'job.mjs', '--brokers', 'x:1']);
    t.deepEqual(await child.exited, { code: 1, signal: null });
    t.regex(child.stderr, /Error: outside/);
    t.notRegex(child.stderr, /process\.exit/);
  },
);

test.serial('a hook that never settles: SIGTERM ends the run at closeTimeoutMs with 4', async (t) => {
  const text = `export default { ${JOB}, processor: { init() { console.log('init'); return new Promise(() => {}); }, process() {} } };`;
  const argv = ['run', 'job.mjs', '--close-timeout-ms', '100', ...(await brokersOf(t))];
  const child = await kasperWith(t, text, argv);
  await child.until('stdout', /init/);
  child.kill('SIGTERM');
  t.deepEqual(await child.exited, { code: 4, signal: null });
  t.regex(child.stderr, /^error: .*closeTimeoutMs \(100 ms\)/m);
});

test.serial('a run that waits for what can never come says so, and ends with 1', async (t) => {
  const text = `export default { ${JOB}, processor: { process() {} },
    client: { connect: () => new Promise(() => {}), close: async () => {}, group() {}, admin() {}, describeTopics() {}, describeGroup() {}, listOffsets() {}, source() {}, sink() {}, observe() {} } };`;
  const child = await kasperWith(t, text, ['run', 'job.mjs']);
  t.deepEqual(await child.exited, { code: 1, signal: null });
  t.regex(child.stderr, /^error: kasper cannot end: it waits for a promise that nothing will settle\. /m);
});
