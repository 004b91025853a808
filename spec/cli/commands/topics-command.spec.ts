import { spawn } from 'node:child_process';
import { once } from 'node:events';
import test from 'ava';
import { startEmbedded, testOnEach } from '../../_helpers/servers/clusters.ts';
import { randomName } from '../../_helpers/servers/services.ts';
import { clientOf, deleteRecords, values, write } from '../../_helpers/jobs/system-job.ts';
import { compiled, environment } from '../child.ts';
import { kasper } from '../memory-io.ts';

testOnEach('list shows names, partitions and replicas', async (t, cluster) => {
  const [one, two] = [randomName('a'), randomName('b')];
  await cluster.createTopic(two, 12);
  await cluster.createTopic(one, 1);
  const brokers = cluster.brokers.join(',');
  const client = await clientOf(t, cluster);
  const [first] = await client.admin().topicDetails([one]);
  const replicas = first?.partitions[0]?.replicas.length ?? 0;
  const { exitCode, stdout, stderr } = await kasper(['topics', 'list', '--brokers', brokers]);
  t.deepEqual([exitCode, stderr], [0, '']);
  const rows = stdout.split('\n').map((line) => line.split(/\s+/));
  t.deepEqual(rows[0], ['TOPIC', 'PARTITIONS', 'REPLICAS', ...(rows[0]?.slice(3) ?? [])]);
  t.deepEqual(
    rows.filter(([name = '']) => name === one || name === two),
    [
      [one, '1', String(replicas)],
      [two, '12', String(replicas)],
    ],
  );
  t.false(stdout.includes('__consumer_offsets'));
  const json = await kasper(['topics', 'list', '--json', '--brokers', brokers]);
  const { topics } = JSON.parse(json.stdout) as { topics: { topic: string }[] };
  t.deepEqual(
    topics.filter(({ topic }) => topic === one),
    [
      {
        topic: one,
        topicId: first?.topicId,
        internal: false,
        partitions: 1,
        replicas,
        underReplicated: 0,
        leaderless: 0,
      } as { topic: string },
    ],
  );
  if (cluster.kind === 'real') {
    await client.group(randomName('group')).fetchAll();
    const all = await kasper(['topics', 'list', '--internal', '--brokers', brokers]);
    t.regex(all.stdout, /^__consumer_offsets +4 +\d +internal$/m);
  }
});

testOnEach('describe shows partitions, offsets and the settings that matter', async (t, cluster) => {
  const topic = randomName('in');
  await cluster.createTopic(topic, 2, {
    'cleanup.policy': 'compact',
    'retention.ms': '5400000',
    'min.insync.replicas': '1',
  });
  await write(
    cluster,
    topic,
    values(1200).map((value) => ({ key: value, value })),
    1,
  );
  await deleteRecords(cluster, topic, 5, 1).catch(() => undefined);
  const client = await clientOf(t, cluster);
  const [details] = await client.admin().topicDetails([topic]);
  const row = (partition: number, figures: string) => {
    const { leader, replicas = [] } = details?.partitions[partition] ?? {};
    const nodes = replicas.join(',');
    const inSync = (details?.partitions[partition]?.inSyncReplicas ?? []).join(',');
    return `${String(partition).padStart(9)}  ${String(leader).padStart(6)}  ${nodes.padEnd(8)}  ${inSync.padEnd(7)}  ${figures}\n`;
  };
  const [start] = await client.listOffsets('earliest', [{ topic, partition: 1 }], 'read_uncommitted');
  const first = start?.offset ?? 0;
  const argv = ['topics', 'describe', topic, '--brokers', cluster.brokers.join(',')];
  t.deepEqual(await kasper(argv), {
    exitCode: 0,
    stdout:
      `topic                ${topic}
id                   ${details?.topicId}
cleanup.policy       compact
retention.ms         5400000 (1.5 hours)
retention.bytes      -1 (no limit), by default
min.insync.replicas  1
max.message.bytes    1048588, by default

PARTITION  LEADER  REPLICAS  IN SYNC  START    END  RECORDS
` +
      row(0, '    0      0        0') +
      row(1, `${String(first).padStart(5)}  1,200  ${(1200 - first).toLocaleString('en-US').padStart(7)}`) +
      `
${(1200 - first).toLocaleString('en-US')} records in 2 partitions
`,
    stderr: '',
  });
  const { stdout } = await kasper([...argv, '--json']);
  t.deepEqual(JSON.parse(stdout), {
    topics: [
      {
        topic,
        topicId: details?.topicId,
        internal: false,
        partitions: details?.partitions.map((partition, at) => ({
          ...partition,
          startOffset: at * first,
          endOffset: at * 1200,
          records: at * (1200 - first),
        })),
        settings: [
          { name: 'cleanup.policy', value: 'compact', source: 'topic' },
          { name: 'retention.ms', value: '5400000', source: 'topic' },
          { name: 'retention.bytes', value: '-1', source: 'default' },
          { name: 'min.insync.replicas', value: '1', source: 'topic' },
          { name: 'max.message.bytes', value: '1048588', source: 'default' },
        ],
        settingsError: null,
      },
    ],
  });
});

testOnEach(
  'topics that do not exist are listed, each with the name that may be meant',
  async (t, cluster) => {
    const topic = randomName('orders');
    await cluster.createTopic(topic, 1);
    const brokers = cluster.brokers.join(',');
    t.deepEqual(await kasper(['topics', 'describe', topic, `${topic}s`, 'zzz', '--brokers', brokers]), {
      exitCode: 2,
      stdout: '',
      stderr: `error: Topics: 2 problems:
  - topic '${topic}s' does not exist; did you mean '${topic}'?
  - topic 'zzz' does not exist
`,
    });
    t.deepEqual(await kasper(['topics', 'describe', 'a b', '..', '--brokers', brokers]), {
      exitCode: 2,
      stdout: '',
      stderr: `error: Topics: 2 problems:
  - 'a b' is not a topic name (1 to 249 letters, digits, dots, dashes or underscores)
  - '..' is not a topic name (1 to 249 letters, digits, dots, dashes or underscores)
`,
    });
  },
);

test('trouble with replicas is seen in both; settings that may not be read are said to be so', async (t) => {
  const cluster = await startEmbedded(t);
  cluster.createTopic('one', { partitions: 3, replicationFactor: 1 });
  cluster.createTopic('three', { partitions: 3, replicationFactor: 3 });
  const brokers = cluster.brokers.join(',');
  t.is(
    (await kasper(['topics', 'list', '--brokers', brokers])).stdout,
    'TOPIC  PARTITIONS  REPLICAS\none             3         1\nthree           3         3\n',
  );
  await cluster.stopNode(cluster.leaderOf('one', 1));
  t.is(
    (await kasper(['topics', 'list', '--brokers', brokers])).stdout,
    `TOPIC  PARTITIONS  REPLICAS  NOTE
one             3         1  1 without a leader, 1 not fully replicated
three           3         3  3 not fully replicated
`,
  );
  cluster.faults.fail({ api: 'DescribeConfigs', code: 29 });
  const { exitCode, stdout } = await kasper(['topics', 'describe', 'one', '--brokers', brokers]);
  t.is(exitCode, 0);
  t.regex(
    stdout,
    /\nsettings {13}DescribeConfigs of topic one was answered with error 29 TOPIC_AUTHORIZATION_FAILED; check the access control lists of this user\n\nPARTITION/,
  );
  t.regex(stdout, /\n {8}1 {4}none {2}\d +- +- +-\n/);
});

test('a cluster without topics says so', async (t) => {
  const cluster = await startEmbedded(t);
  t.like(await kasper(['topics', 'list', '--brokers', cluster.brokers.join(',')]), {
    exitCode: 0,
    stdout: 'no topics\n',
  });
});

test('a reader that wants no more, as head, is no failure', async (t) => {
  const cluster = await startEmbedded(t, { brokers: 1 });
  cluster.createTopic('many', { partitions: 5_000 });
  const child = spawn(
    process.execPath,
    [
      compiled('source/cli/bin'),
      'topics',
      'describe',
      'many',
      '--json',
      '--brokers',
      cluster.brokers.join(','),
    ],
    { stdio: ['ignore', 'pipe', 'pipe'], env: environment() },
  );
  let stderr = '';
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
  child.stdout.once('data', () => child.stdout.destroy());
  const [code] = (await once(child, 'exit')) as [number | null];
  t.deepEqual([code, stderr], [0, '']);
});
