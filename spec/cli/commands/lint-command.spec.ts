import { hostname } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { groupIdOf, openClient, silentLogger, TopicProcessor } from 'kasper-ts';
import { sendRecords } from '../../../scripts/examples/cluster.ts';
import { testOnEach } from '../../_helpers/servers/clusters.ts';
import { randomName, type TestCluster } from '../../_helpers/servers/services.ts';
import { folderWith } from '../job-file.ts';
import { kasper } from '../memory-io.ts';

async function deploy(t: ExecutionContext, cluster: TestCluster, more = '') {
  const name = randomName('lint');
  const [lines, others] = [`${name}-lines`, `${name}-others`];
  await cluster.createTopic(lines, 4);
  await cluster.createTopic(others, 3);
  const client = openClient({ brokers: [...cluster.brokers] }, { logger: silentLogger });
  t.teardown(() => client.close());
  await client.connect();
  await sendRecords(
    client,
    lines,
    ['a', 'b', 'c', 'd', 'e'].map((value) => ({ value })),
  );
  const folder = await folderWith(t, 'job.mjs', jobText(name, lines, more));
  return { name, lines, others, client, folder, brokers: cluster.brokers.join(',') };
}

function jobText(name: string, topic: string, more: string): string {
  return `export default {
    topicProcessorName: '${name}', inputTopics: ['${topic}'], ${more}
    processor: { process() { throw new Error('it runs'); } },
  };`;
}

testOnEach(
  'a job without problems is told what it would do, and nothing of it is done',
  async (t, cluster) => {
    const { name, lines, client, folder, brokers } = await deploy(t, cluster);
    const group = client.group(groupIdOf(name));
    await group.commit([{ topic: lines, partition: 0, offset: 1, leaderEpoch: -1, metadata: '' }]);
    const argv = ['lint', 'job.mjs', '--brokers', brokers, '--workers', '3', '--batch-size', '5'];
    t.deepEqual(
      await kasper(argv, { cwd: folder, env: { KASPER_TO_END: 'yes', KASPER_SASL_PASSWORD: 'hidden' } }),
      {
        exitCode: 0,
        stdout: `job.mjs: no problems
  job         ${name}, until the end that the topics have at the start
  group       kasper-topic-processor-${name}
  topics      ${lines}
  partitions  0-3
  workers     1: 0; 2: 1; 3: 2-3
  brokers     ${brokers}
  stores      none
  batchSize   5 (--batch-size)
  to do       1 record behind the end, and 3 of 4 partitions without a committed offset
`,
        stderr: '',
      },
    );
    const asked = [0, 1, 2, 3].map((partition) => ({ topic: lines, partition }));
    t.deepEqual(
      (await group.fetch(asked)).map(({ offset }) => offset),
      [1, undefined, undefined, undefined],
    );
    const claims = await client.group(`${groupIdOf(name)}-claims`).fetch(asked);
    t.true(claims.every(({ offset }) => offset === undefined));
  },
);

testOnEach('a process that has the partitions now is named once, with all of them', async (t, cluster) => {
  const { name, lines, folder, brokers } = await deploy(t, cluster);
  const processor = new TopicProcessor(
    {
      topicProcessorName: name,
      client: { brokers: [...cluster.brokers] },
      inputTopics: [lines],
      inputPartitions: [0, 1, 2, 3],
      logger: silentLogger,
    },
    { process: () => undefined },
  );
  t.teardown(() => processor.close());
  const started = new Promise<void>((resolve) => {
    processor.on('started', () => {
      resolve();
    });
  });
  const run = processor.runLoop();
  await started;
  const { exitCode, stdout } = await kasper(['lint', 'job.mjs', '--brokers', brokers], { cwd: folder });
  t.is(exitCode, 0);
  t.deepEqual(
    stdout.match(/^note: .*$/gm)?.map((note) => note.replace(/since \S+:/, 'since TIME:')),
    [
      `note: ${lines}/0-3 are processed now by pid ${process.pid} on ${hostname()}, alive since TIME: a second run would be refused`,
    ],
  );
  await processor.close();
  await run;
});

testOnEach(
  'all problems of settings, job, topics and offsets are said at once, as text and as JSON',
  async (t, cluster) => {
    const { name, lines, client, folder, brokers } = await deploy(t, cluster, 'inputPartitions: [0, 3, 4],');
    const argv = ['lint', 'job.mjs', '--brokers', brokers];
    const problems = [
      'KASPER_BATCH_SIZE must be a whole number of records, at least 1, not 0',
      `inputPartitions: there is no partition 4: ${lines} has 4, from 0`,
    ];
    const env = { KASPER_BATCH_SIZE: '0' };
    t.deepEqual(await kasper(argv, { cwd: folder, env }), {
      exitCode: 2,
      stdout: '',
      stderr: `error: job.mjs: 2 problems:\n  - ${problems.join('\n  - ')}\n`,
    });
    const { exitCode, stdout, stderr } = await kasper([...argv, '--json'], { cwd: folder, env });
    t.deepEqual({ exitCode, stderr }, { exitCode: 2, stderr: '' });
    t.deepEqual(JSON.parse(stdout), { job: 'job.mjs', ok: false, problems, notes: [], run: null });

    await client
      .group(groupIdOf(name))
      .commit([{ topic: lines, partition: 3, offset: 77, leaderEpoch: -1, metadata: '' }]);
    const outOfRange = `${lines}/3: the committed offset 77 is out of range, since its log ends at 1`;
    t.deepEqual(await kasper([...argv, '--partitions', '0,3'], { cwd: folder }), {
      exitCode: 2,
      stdout: '',
      stderr: `error: job.mjs: ${outOfRange}; find out why, then decide with --on-offset-out-of-range\n`,
    });
    const decided = await kasper([...argv, '--partitions', '3', '--on-offset-out-of-range', 'latest'], {
      cwd: folder,
    });
    t.is(decided.exitCode, 0);
    t.regex(decided.stdout, new RegExp(`\nnote: ${outOfRange}; a run would start at 'latest'\n$`));
  },
);

testOnEach('topics that are missing, or cannot be joined, are named', async (t, cluster) => {
  const { name, lines, others, brokers } = await deploy(t, cluster);
  const missing = await folderWith(t, 'job.mjs', jobText(name, `${lines}', 'nope-${name}`, ''));
  t.deepEqual(await kasper(['lint', 'job.mjs', '--brokers', brokers], { cwd: missing }), {
    exitCode: 2,
    stdout: '',
    stderr: `error: job.mjs: inputTopics: 'nope-${name}' not found: create the topic, or check its name and the brokers\n`,
  });
  const unequal = await folderWith(t, 'job.mjs', jobText(name, `${lines}', '${others}`, ''));
  t.deepEqual(await kasper(['lint', 'job.mjs', '--brokers', brokers], { cwd: unequal }), {
    exitCode: 2,
    stdout: '',
    stderr: `error: job.mjs: inputTopics: topics that are joined must have equal partition counts, but ${lines} has 4, ${others} has 3\n`,
  });
});

/** A job with this middleware, of the names of the package. */
function middlewareJob(t: ExecutionContext, name: string, topic: string, middleware: string) {
  const index = new URL('../../../source/index.js', import.meta.url).href;
  const stores = new URL('../../../stores/index.js', import.meta.url).href;
  const text =
    `import { deadLetter, deduplicate, header } from '${index}';\nimport { MapStore } from '${stores}';\n` +
    `const repeats = deduplicate({ store: new MapStore(), id: header('id') });\n` +
    jobText(name, topic, `middleware: [${middleware}],`);
  return folderWith(t, 'job.mjs', text);
}

testOnEach(
  'a dead-letter topic that is missing is a problem, unless the start creates it; the order of middleware is noted',
  async (t, cluster) => {
    const { name, lines, brokers } = await deploy(t, cluster);
    const lint = async (middleware: string) => {
      const cwd = await middlewareJob(t, name, lines, middleware);
      const { exitCode, stdout, stderr } = await kasper(['lint', 'job.mjs', '--brokers', brokers], { cwd });
      return { exitCode, notes: stdout.split('\n').filter((line) => line.startsWith('note: ')), stderr };
    };
    const missing = await lint('deadLetter()');
    t.is(missing.exitCode, 2);
    t.is(
      missing.stderr,
      `error: job.mjs: topic '${lines}.dlq' not found: create it, such as with kafka-topics.sh --bootstrap-server … --create --topic ${lines}.dlq --partitions 4 --config retention.ms=-1, or let deadLetter({ create: true }) do it\n`,
    );
    const created = await lint('deadLetter({ create: true })');
    t.deepEqual([created.exitCode, created.stderr], [0, '']);
    t.true(
      created.notes.includes(`note: topic '${lines}.dlq' is missing, and is created at the start`),
      created.notes.join('\n'),
    );
    await cluster.createTopic(`${lines}.dlq`, 1);
    t.notRegex((await lint('deadLetter(), repeats')).notes.join(), /dlq|deduplicate/);
    const turned = await lint('repeats, deadLetter()');
    t.is(turned.exitCode, 0);
    t.regex(
      turned.notes.join(),
      /deduplicate stands outside of deadLetter: .* Put deadLetter before deduplicate in the option middleware/,
    );
  },
);

test('the order of middleware is noted without Kafka as well', async (t) => {
  const cwd = await middlewareJob(t, 'a', 'lines', 'repeats, deadLetter()');
  const { exitCode, stdout } = await kasper(['lint', 'job.mjs', '--offline'], { cwd });
  t.is(exitCode, 0);
  t.regex(stdout, /note: deduplicate stands outside of deadLetter/);
});

testOnEach(
  'a start without the dead-letter topic names it, and begins with none of the others',
  async (t, cluster) => {
    const { name, lines, brokers } = await deploy(t, cluster);
    const cwd = await middlewareJob(t, name, lines, 'deadLetter()');
    const run = await kasper(['run', 'job.mjs', '--brokers', brokers, '--to-end'], { cwd });
    t.is(run.exitCode, 2);
    t.regex(run.stderr, /topic '\S+\.dlq' not found: create it, .* --partitions 4 --config retention\.ms=-1/);
  },
);

test('stores in memory are noted, by default and by choice', async (t) => {
  const stores = "stores: (stores) => ({ seen: stores.store('seen') }),";
  const folder = await folderWith(t, 'job.mjs', jobText('a', 'lines', stores));
  const none = await folderWith(t, 'job.mjs', jobText('a', 'lines', ''));
  const argv = ['lint', 'job.mjs', '--offline'];
  const note = (how: string) =>
    `\nnote: the stores are in the memory of the process (${how}): what they hold ends with it, while the offsets stay committed; keep it with --store redis or --store elasticsearch\n`;
  const shown = await kasper(argv, { cwd: folder });
  t.is(shown.exitCode, 0);
  t.true(shown.stdout.endsWith(note('--store map, the default')), shown.stdout);
  t.true((await kasper([...argv, '--store', 'map'], { cwd: folder })).stdout.endsWith(note('--store map')));
  t.notRegex((await kasper(argv, { cwd: none })).stdout, /note/);
});

testOnEach('stores that a function makes wrongly are named', async (t, cluster) => {
  const { folder, brokers } = await deploy(t, cluster, 'stores: () => ({ seen: 5 }),');
  const outcome = await kasper(['lint', 'job.mjs', '--brokers', brokers], { cwd: folder });
  t.is(outcome.exitCode, 2);
  t.regex(
    outcome.stderr,
    /stores: .*stores\.seen must be a Store, a MultiStore, or \{ store, flush, tenantLabel \}, not 5/,
  );
});

test('--offline asks neither Kafka nor stores, and wants no Kafka to be named', async (t) => {
  const folder = await folderWith(
    t,
    'job.mjs',
    jobText('a', 'lines', "stores: (stores) => ({ seen: stores.store('seen') }),"),
  );
  const argv = ['lint', 'job.mjs', '--offline', '--store', 'redis', '--store-url', 'redis://localhost:1'];
  t.deepEqual(await kasper(argv, { cwd: folder }), {
    exitCode: 0,
    stdout: `job.mjs: no problems
  job         a, until it is stopped
  group       kasper-topic-processor-a
  topics      lines
  partitions  all
  brokers     none named
  stores      redis
`,
    stderr: '',
  });
});

test('a Kafka that cannot be reached ends with 3, other problems with 2', async (t) => {
  const folder = await folderWith(t, 'job.mjs', jobText('a', 'lines', ''));
  const down = await kasper(['lint', 'job.mjs', '--brokers', '127.0.0.1:1'], { cwd: folder });
  t.is(down.exitCode, 3);
  t.regex(down.stderr, /^error: job\.mjs: Kafka: .*ECONNREFUSED 127\.0\.0\.1:1/);
  const missing = await kasper(['lint', 'nope.mjs', '--offline', '--partitions', '3-1'], { cwd: folder });
  t.deepEqual(missing, {
    exitCode: 2,
    stdout: '',
    stderr: `error: nope.mjs: 2 problems:
  - --partitions does not name partitions: '3-1' goes down; write 1-3
  - there is no such file (looked for ${join(folder, 'nope.mjs')})
`,
  });
});

const notProcessors: readonly (readonly [what: string, processor: string, problem: RegExp])[] = [
  [
    'a plain function',
    '(messages, sender) => { for (const m of messages) sender.send(m); }',
    /threw TypeError: messages is not iterable for partition 0: give \{ process\(messages, sender\) \{ … \} \}, or \(partition\) => new MyProcessor\(partition\)/,
  ],
  [
    'a class',
    'class Counter { process() {} }',
    /the class Counter is not a MessageProcessor: give \{ process\(messages, sender\)/,
  ],
];
for (const [what, processor, problem] of notProcessors) {
  test(`${what} in place of a MessageProcessor is refused with the forms that there are`, async (t) => {
    const text = `export default { topicProcessorName: 'x', inputTopics: ['t'], processor: ${processor} };`;
    const folder = await folderWith(t, 'job.mjs', text);
    const { exitCode, stdout, stderr } = await kasper(['lint', 'job.mjs', '--offline'], { cwd: folder });
    t.is(exitCode, 2);
    t.regex(stdout + stderr, problem);
  });
}
