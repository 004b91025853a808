import { pathToFileURL } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { openClient, silentLogger } from 'kasper-ts';
import { sendRecords, type TextRecord } from '../../../scripts/examples/cluster.ts';
import { startEmbedded } from '../../_helpers/servers/clusters.ts';
import { until } from '../../_helpers/until.ts';
import { compiled, startChild } from '../child.ts';
import { folderWith } from '../job-file.ts';
import { kasper, withoutRunLines, withoutTimes } from '../memory-io.ts';

const wordCount = compiled('scripts/examples/job-word-count');

/** A cluster with filled topics, and its addresses as --brokers wants them. */
async function clusterWith(
  t: ExecutionContext,
  topics: Record<string, number>,
  lines: readonly TextRecord[] = [],
) {
  const cluster = await startEmbedded(t, { topics });
  const client = openClient({ brokers: cluster.brokers }, { logger: silentLogger });
  t.teardown(() => client.close());
  await client.connect();
  await sendRecords(client, 'lines', lines);
  return { cluster, client, brokers: cluster.brokers.join(',') };
}

const lines = ['to be or not to be', 'that is the question', 'to die'].map((value) => ({ value }));

test('a job runs to the end on all partitions, and the summary is all there is on standard output', async (t) => {
  const { brokers } = await clusterWith(t, { lines: 2, words: 1 }, lines);
  const first = await kasper(['run', wordCount, '--brokers', brokers, '--to-end', '--log-level', 'warn']);
  t.deepEqual(
    { ...first, stdout: withoutTimes(first.stdout) },
    {
      exitCode: 0,
      stdout:
        'word-count: 3 records in 2 batches in T s (R/s), 9 records sent, committed up to lines/0 2, lines/1 1\n',
      stderr: '',
    },
  );
  const second = await kasper(['run', wordCount, '--brokers', brokers, '--to-end', '--log-level', 'warn']);
  t.is(
    withoutTimes(second.stdout),
    'word-count: 0 records in 0 batches in T s (R/s), 0 records sent, committed up to lines/0 2, lines/1 1\n',
  );
});

test('--partitions and options on the command line go over those of the job', async (t) => {
  const { brokers } = await clusterWith(t, { lines: 2, words: 1 }, lines);
  const outcome = await kasper([
    ...['run', wordCount, '--brokers', brokers, '--to-end', '--log-level', 'warn'],
    ...['--partitions', '0', '--batch-size', '1'],
  ]);
  t.is(
    withoutTimes(outcome.stdout),
    'word-count: 2 records in 2 batches in T s (R/s), 6 records sent, committed up to lines/0 2\n',
  );
});

test('the configuration file goes over the job, the environment over the file, flags over all', async (t) => {
  const { brokers } = await clusterWith(
    t,
    { lines: 3, words: 1 },
    Array.from({ length: 6 }, () => ({ value: 'to be' })),
  );
  const folder = await folderWith(
    t,
    'kasper.config.json',
    '{ "batchSize": 1, "partitions": "0", "toEnd": true, "logLevel": "error", "brokers": "localhost:1" }',
  );
  const run = async (flags: readonly string[], more: Record<string, string> = {}) => {
    const env = { KASPER_BROKERS: brokers, KASPER_INITIAL_OFFSET: 'earliest', ...more };
    const { exitCode, stdout, stderr } = await kasper(['run', wordCount, ...flags], { cwd: folder, env });
    t.deepEqual({ exitCode, stderr }, { exitCode: 0, stderr: '' });
    return withoutTimes(stdout);
  };
  t.is(
    await run([]),
    'word-count: 2 records in 2 batches in T s (R/s), 4 records sent, committed up to lines/0 2\n',
  );
  t.is(
    await run([], { KASPER_PARTITIONS: '1' }),
    'word-count: 2 records in 2 batches in T s (R/s), 4 records sent, committed up to lines/1 2\n',
  );
  t.is(
    await run(['--partitions', '2', '--batch-size', '2'], { KASPER_PARTITIONS: '1' }),
    'word-count: 2 records in 1 batch in T s (R/s), 2 records sent, committed up to lines/2 2\n',
  );
});

test('log lines go to standard error, as text or JSON', async (t) => {
  const { brokers } = await clusterWith(t, { lines: 1, words: 1 }, lines);
  const text = await kasper(['run', wordCount, '--brokers', brokers, '--to-end']);
  t.is(
    withoutTimes(withoutRunLines(text.stderr)),
    `TIME info  No committed offset; starting at 'earliest' topicProcessor=word-count partitions=["lines/0 at 0"]\n`,
  );
  const json = await kasper([
    'run',
    wordCount,
    '--brokers',
    brokers,
    '--to-end',
    '--log-format',
    'json',
    '--log-level',
    'debug',
  ]);
  const states = json.stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ message }) => message === 'State')
    .map(({ to }) => to);
  t.deepEqual(states, ['starting', 'running', 'closing', 'closed']);
});

test('--progress shows how far a bounded run is, on standard error', async (t) => {
  const { brokers } = await clusterWith(t, { lines: 1, words: 1 }, lines);
  const { stderr } = await kasper([
    ...['run', wordCount, '--brokers', brokers, '--to-end', '--log-level', 'warn', '--progress'],
  ]);
  // It may be over before there is a rate.
  t.regex(stderr, /^100% {2}3 of 3 records( {2}[1-9][\d,]*\/s)?\n$/);
});

test('--json prints the summary as one document; log lines and progress are JSON, too', async (t) => {
  const { brokers } = await clusterWith(t, { lines: 2, words: 1 }, lines);
  const { exitCode, stdout, stderr } = await kasper([
    ...['run', wordCount, '--brokers', brokers, '--to-end', '--json', '--progress'],
  ]);
  t.is(exitCode, 0);
  const { durationMs, recordsPerSecond, ...rest } = JSON.parse(stdout) as Record<string, unknown>;
  t.is(typeof durationMs, 'number');
  t.is(typeof recordsPerSecond, 'number');
  t.deepEqual(rest, {
    topicProcessorName: 'word-count',
    stopped: false,
    records: 3,
    batches: 2,
    sent: 9,
    tally: { retried: 0, dead_lettered: 0, skipped: 0 },
    partitions: [
      { topic: 'lines', partition: 0, start: 0, end: 2 },
      { topic: 'lines', partition: 1, start: 0, end: 1 },
    ],
    openTransactions: [],
  });
  const told = stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { message?: string; progress?: object });
  t.deepEqual(
    told.flatMap(({ message }) => message ?? []),
    ['Run starts', "No committed offset; starting at 'earliest'", 'Run ended'],
  );
  t.like(told.findLast(({ progress }) => progress !== undefined)?.progress, {
    records: 3,
    total: 3,
    lag: 0,
    msLeft: 0,
  });
});

test('--metrics-port serves metrics, health and state while the job runs', async (t) => {
  const { brokers } = await clusterWith(t, { lines: 1, words: 1 }, lines);
  const child = startChild(t, 'source/cli/bin', [
    ...['run', wordCount, '--brokers', brokers, '--batch-wait-ms', '0'],
    ...['--metrics-port', '0', '--metrics-host', 'localhost', '--kasper-names'],
  ]);
  await child.until('stderr', /The monitor server is listening .*url=\S+\n/);
  const url = /url=(\S+)/.exec(child.stderr)?.[1] ?? '';
  t.regex(url, /^http:\/\/localhost:\d+$/);
  const get = async (path: string) => (await fetch(`${url}${path}`)).text();
  const metrics = await until(
    async () => {
      const text = await get('/metrics');
      return /^kasper_records_consumed_total\{.*\} 3$/m.test(text) && text;
    },
    { deadlineMs: 30_000, what: 'three records to be counted' },
  );
  t.regex(metrics, /^kasper_incoming_message_count\{.*\} 3$/m);
  t.like(JSON.parse(await get('/api/stats')), {
    processors: [{ topicProcessorName: 'word-count', records: 3 }],
  });
  child.kill('SIGTERM');
  t.deepEqual(await child.exited, { code: 0, signal: null });
  t.regex(child.stdout, /^word-count: stopped after 3 records in /);
});

test('flags about metrics that would change nothing are refused', async (t) => {
  const folder = await folderWith(
    t,
    'job.mjs',
    `import { PrometheusMetrics } from '${new URL('../../../metrics/index.js', import.meta.url).href}';
     export default { topicProcessorName: 'a', inputTopics: ['lines'], metrics: new PrometheusMetrics(), processor: { process() {} } };`,
  );
  const run = (...flags: readonly string[]) =>
    kasper(['run', 'job.mjs', '--brokers', 'x:1', ...flags], { cwd: folder });
  t.deepEqual(await run('--metrics-port', '0', '--kasper-names'), {
    exitCode: 2,
    stdout: '',
    stderr:
      'error: Metrics: the job has its own metrics, which --kasper-names cannot change: remove that, or let the job give no metrics, or set kasperNames: true where it makes its PrometheusMetrics\n',
  });
  t.deepEqual(await run('--metrics-host', '0.0.0.0'), {
    exitCode: 2,
    stdout: '',
    stderr: 'error: Metrics: --metrics-host needs --metrics-port\n',
  });
});

test('bad options of a job are all said at once, before Kafka is asked for anything', async (t) => {
  const folder = await folderWith(
    t,
    'job.mjs',
    "export default { topicProcessorName: 'a b', inputTopics: [], batchSise: 1, batchWaitMs: -1, processor: {} };",
  );
  const outcome = await kasper(['run', 'job.mjs', '--brokers', 'localhost:1'], { cwd: folder });
  t.deepEqual(outcome, {
    exitCode: 2,
    stdout: '',
    stderr: `error: TopicProcessor options: 4 problems:
  - unknown option 'batchSise'; did you mean 'batchSize'?
  - topicProcessorName must be 1 to 200 letters, digits, dots, dashes or underscores, not 'a b'
  - batchWaitMs must be at least 0 ms, not -1
  - inputTopics must be a list of at least one topic name, not an empty list
`,
  });
});

test('topics that are missing or do not fit together end with 2 and a message', async (t) => {
  const { brokers } = await clusterWith(t, { lines: 2, others: 3 });
  const missing = await folderWith(
    t,
    'job.mjs',
    "export default { topicProcessorName: 'a', inputTopics: ['lines', 'nope'], processor: { process() {} } };",
  );
  t.deepEqual(await kasper(['run', 'job.mjs', '--brokers', brokers], { cwd: missing }), {
    exitCode: 2,
    stdout: '',
    stderr: "error: inputTopics: 'nope' not found: create the topic, or check its name and --brokers\n",
  });
  const unequal = await folderWith(
    t,
    'job.mjs',
    "export default { topicProcessorName: 'a', inputTopics: ['lines', 'others'], processor: { process() {} } };",
  );
  const outcome = await kasper(['run', 'job.mjs', '--brokers', brokers], { cwd: unequal });
  t.deepEqual(
    { ...outcome, stderr: withoutRunLines(outcome.stderr) },
    {
      exitCode: 2,
      stdout: '',
      stderr:
        'error: inputTopics: topics that are joined by partition must have equal partition counts, but lines has 2, others has 3; ' +
        'make the topic anew with the same count, or run a processor for each\n',
    },
  );
});

test('a job whose process throws ends with 1, the batch by its offsets, and the stack of what was thrown', async (t) => {
  const { brokers } = await clusterWith(t, { lines: 1 }, lines);
  const folder = await folderWith(
    t,
    'job.mjs',
    "export default { topicProcessorName: 'a', inputTopics: ['lines'], processor: { process() {\n throw new RangeError('bad line'); } } };",
  );
  const { exitCode, stdout, stderr } = await kasper(
    ['run', 'job.mjs', '--brokers', brokers, '--to-end', '--log-level', 'error'],
    { cwd: folder },
  );
  t.is(exitCode, 1);
  t.is(stdout, '');
  t.regex(
    withoutRunLines(stderr),
    /^error: The process failed for lines\/0 offsets 0 to 2; nothing of this batch was committed, so it is reprocessed at the next start \(to skip all up to lines offset 2: kasper offsets reset \S+ --topics lines --partitions 0 --to-offset 3\)\. RangeError: bad line\n {2}RangeError: bad line\n {6}at .*job\.mjs:2:8\)/,
  );
});

test('SIGINT and SIGTERM finish the batch in hand and end with 0 and the summary', async (t) => {
  const { brokers } = await clusterWith(t, { lines: 1, words: 1 }, lines);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    const child = startChild(t, 'source/cli/bin', [
      'run',
      wordCount,
      '--brokers',
      brokers,
      '--batch-wait-ms',
      '0',
      '--log-level',
      'debug',
    ]);
    await child.until('stderr', /State .*to=running/);
    child.kill(signal);
    t.deepEqual(await child.exited, { code: 0, signal: null });
    t.regex(child.stderr, /Stopping: the batch in process is finished and committed first\n/);
    t.regex(
      child.stdout,
      /^word-count: stopped after \d records? in \d batch(es)? in .* committed up to lines\/0 \d\n$/,
    );
  }
});

test('a second signal exits at once with 130, though the batch in hand never ends', async (t) => {
  const { brokers } = await clusterWith(t, { lines: 1 }, lines);
  const folder = await folderWith(
    t,
    'job.mjs',
    "export default { topicProcessorName: 'a', inputTopics: ['lines'], processor: { process() { console.log('in hand'); return new Promise(() => {}); } } };",
  );
  const child = startChild(t, 'source/cli/bin', ['run', 'job.mjs', '--brokers', brokers, '--to-end'], {
    cwd: folder,
  });
  await child.until('stdout', /in hand/);
  child.kill('SIGINT');
  await child.until('stderr', /Still stopping; press Ctrl-C again to exit immediately/);
  child.kill('SIGINT');
  t.deepEqual(await child.exited, { code: 130, signal: null });
  t.is(child.stdout, 'in hand\n');
});

test('a process function that hangs past its time limits ends the process with 4', async (t) => {
  const { brokers } = await clusterWith(t, { lines: 1 }, lines);
  const folder = await folderWith(
    t,
    'job.mjs',
    "setInterval(() => {}, 1000); export default { topicProcessorName: 'a', inputTopics: ['lines'], processor: { process: () => new Promise(() => {}) } };",
  );
  const argv = [
    'run',
    'job.mjs',
    '--brokers',
    brokers,
    '--to-end',
    '--process-timeout-ms',
    '50',
    '--close-timeout-ms',
    '50',
  ];
  const child = startChild(t, 'source/cli/bin', argv, { cwd: folder });
  t.deepEqual(await child.exited, { code: 4, signal: null });
  t.regex(child.stderr, /process did not end within processTimeoutMs \(50 ms\): partition 0, 3 messages/);
});

test('a job that leaves a timer or connection open does not keep the command from ending', async (t) => {
  const { brokers } = await clusterWith(t, { lines: 1 }, lines);
  const folder = await folderWith(
    t,
    'job.mjs',
    "setInterval(() => {}, 1000); export default { topicProcessorName: 'a', inputTopics: ['lines'], processor: { process() {} } };",
  );
  const child = startChild(t, 'source/cli/bin', ['run', 'job.mjs', '--brokers', brokers, '--to-end'], {
    cwd: folder,
  });
  t.deepEqual(await child.exited, { code: 0, signal: null });
  t.regex(child.stdout, /^a: 3 records in 1 batch /);
});

test('a Kafka that cannot be reached ends with 3 and says what to check', async (t) => {
  const cluster = await startEmbedded(t, { brokers: 1 });
  const [address = ''] = cluster.brokers;
  await cluster.close();
  const folder = await folderWith(
    t,
    'job.mjs',
    "export default { topicProcessorName: 'a', inputTopics: ['lines'], processor: { process() {} } };",
  );
  const patience = ['--partitions', '0', '--retry-timeout-ms', '1000'];
  const argv = ['run', 'job.mjs', '--brokers', address, ...patience, '--log-level', 'error'];
  const { exitCode, stdout, stderr } = await kasper(argv, { cwd: folder });
  t.is(exitCode, 3);
  t.is(stdout, '');
  t.regex(
    withoutRunLines(stderr),
    new RegExp(
      `^error: .*ECONNREFUSED ${address}; nothing listens there: .*\nCheck --brokers, the network, TLS and SASL; .*\n$`,
    ),
  );
});

test('the summary says how many messages were set aside as dead letters, and how many were skipped', async (t) => {
  const { brokers } = await clusterWith(t, { lines: 2, 'lines.dlq': 1 }, lines);
  const folder = await folderWith(
    t,
    'job.mjs',
    `import { deadLetter, eachMessage } from '${pathToFileURL(compiled('source/index')).href}';
    export default {
      topicProcessorName: 'choosy', inputTopics: ['lines'], middleware: [deadLetter()],
      processor: eachMessage(({ valueText }, sender, { tally }) => {
        if (valueText === 'to die') throw new Error('no');
        tally('skipped', 1);
      }),
    };`,
  );
  const argv = ['run', 'job.mjs', '--brokers', brokers, '--to-end', '--log-level', 'error'];
  const { exitCode, stdout } = await kasper([...argv, '--partitions', '0,1'], { cwd: folder });
  t.is(exitCode, 0);
  t.is(
    withoutTimes(stdout),
    'choosy: 3 records in 2 batches in T s (R/s), 1 record sent, 1 message set aside as dead letters, 2 messages skipped, committed up to lines/0 2, lines/1 1\n',
  );
});
