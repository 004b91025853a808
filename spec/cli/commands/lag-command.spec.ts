import { hostname } from 'node:os';
import test from 'ava';
import { testOnEach, startEmbedded } from '../../_helpers/servers/clusters.ts';
import { describeGroup } from '../../_helpers/servers/kafka-tools.ts';
import { deleteRecords } from '../../_helpers/jobs/system-job.ts';
import { testOnReal } from '../../_helpers/servers/services.ts';
import { adminJob } from '../admin-cluster.ts';
import { kasper } from '../memory-io.ts';

testOnEach('lag shows what is committed, what is left, and what is wrong', async (t, cluster) => {
  const job = await adminJob(t, cluster);
  await job.commit(0, 2, 'v1');
  await job.commit(1, 5);
  t.deepEqual(await job.kasper('lag', job.name), {
    exitCode: 0,
    stdout: `kasper-topic-processor-job-xxxxxxxxxxxx

TOPIC            PARTITION  COMMITTED  START  END  LAG
in-xxxxxxxxxxxx          0          2      0   10    8
in-xxxxxxxxxxxx          1          5      0    5    0
in-xxxxxxxxxxxx          2          -      0    0    -

total lag 8 in 3 partitions (1 without a commit)
`,
    stderr: '',
  });
  await deleteRecords(cluster, job.topic, 6);
  await job.commit(1, 7);
  t.is(
    (await job.kasper('lag', '--group', job.groupId, '--topics', job.topic, '--partitions', '0-1')).stdout,
    `kasper-topic-processor-job-xxxxxxxxxxxx

TOPIC            PARTITION  COMMITTED  START  END  LAG  NOTE
in-xxxxxxxxxxxx          0          2      6   10    4  out of range: 4 before the start were deleted unread
in-xxxxxxxxxxxx          1          7      0    5    0  out of range: past the end

total lag 4 in 2 partitions
`,
  );
});

testOnEach('lag shows who runs a job, and that nobody does after a proper end', async (t, cluster) => {
  const job = await adminJob(t, cluster);
  const processor = await job.run([0, 1]);
  const running = await job.kasper('lag', job.name);
  t.deepEqual(running, {
    exitCode: 0,
    stdout: `kasper-topic-processor-job-xxxxxxxxxxxx

TOPIC            PARTITION  COMMITTED  START  END  LAG  OWNER
in-xxxxxxxxxxxx          0         10      0   10    0  pid P on H, alive since TIME
in-xxxxxxxxxxxx          1          5      0    5    0  pid P on H, alive since TIME
in-xxxxxxxxxxxx          2          -      0    0    -

total lag 0 in 3 partitions (1 without a commit)
`,
    stderr: '',
  });
  t.false((await job.kasper('lag', job.name, '--no-owners')).stdout.includes('OWNER'));
  await processor.close();
  t.false((await job.kasper('lag', job.name)).stdout.includes('OWNER'));
});

testOnEach('lag --json is one document with a place for each field', async (t, cluster) => {
  const job = await adminJob(t, cluster);
  await job.run([0, 1]);
  const { exitCode, stdout, stderr } = await kasper(['lag', job.name, '--json', '--brokers', job.brokers]);
  t.deepEqual([exitCode, stderr], [0, '']);
  const [topic] = await job.client.admin().topicDetails([job.topic]);
  const lag = JSON.parse(stdout) as {
    partitions: { leaderEpoch: unknown; claim: { startedAt: string } | null }[];
  };
  const startedAt = lag.partitions[0]?.claim?.startedAt ?? '';
  t.true(Math.abs(Date.parse(startedAt) - Date.now()) < 60_000);
  const claim = {
    state: 'alive',
    host: hostname(),
    pid: process.pid,
    instanceId: null,
    startedAt,
    topicId: topic?.topicId,
  };
  const common = { topic: job.topic, metadata: '', startOffset: 0, problem: null, heldBack: null };
  const leaderEpoch = 0;
  t.deepEqual(lag as unknown, {
    group: job.groupId,
    isolation: 'read_committed',
    totalLag: 0,
    partitions: [
      { ...common, partition: 0, committedOffset: 10, leaderEpoch, endOffset: 10, lag: 0, claim },
      { ...common, partition: 1, committedOffset: 5, leaderEpoch, endOffset: 5, lag: 0, claim },
      {
        ...common,
        partition: 2,
        committedOffset: null,
        leaderEpoch: null,
        endOffset: 0,
        lag: null,
        claim: null,
      },
    ],
    gone: [],
    claimsError: null,
  });
});

testOnReal("the figures are those of Kafka's own tool", async (t, kafka) => {
  const job = await adminJob(t, kafka);
  await job.commit(0, 2);
  await job.commit(1, 5);
  const { stdout } = await job.kasper('lag', job.name, '--json');
  const { partitions } = JSON.parse(stdout) as {
    partitions: {
      partition: number;
      committedOffset: number | null;
      endOffset: number;
      lag: number | null;
    }[];
  };
  t.deepEqual(
    partitions
      .filter(({ committedOffset }) => committedOffset !== null)
      .map(({ partition, committedOffset, endOffset, lag }) => [partition, committedOffset, endOffset, lag]),
    (await describeGroup(kafka, job.groupId)).map(({ partition, offset, endOffset, lag }) => [
      partition,
      offset,
      endOffset,
      lag,
    ]),
  );
});

testOnEach('what is not there is told, with the name that may be meant', async (t, cluster) => {
  const job = await adminJob(t, cluster);
  const refused = async (...argv: string[]) => {
    const { exitCode, stdout, stderr } = await job.kasper('lag', ...argv);
    t.deepEqual([exitCode, stdout], [2, '']);
    return stderr;
  };
  t.is(
    await refused('no-such-job'),
    'error: Group kasper-topic-processor-no-such-job: it has committed no offsets, or they have expired: check the name, or name topics to look at\n',
  );
  await job.commit(0, 2);
  t.is(
    await refused(job.name, '--topics', `${job.topic}s`, '--partitions', '2'),
    `error: Group kasper-topic-processor-job-xxxxxxxxxxxx: topic 'in-xxxxxxxxxxxxs' does not exist; did you mean 'in-xxxxxxxxxxxx'?\n`,
  );
  t.is(
    await refused(job.name, '--partitions', '2-4'),
    'error: Group kasper-topic-processor-job-xxxxxxxxxxxx: partitions 3, 4 do not exist: in-xxxxxxxxxxxx has 3, numbered from 0\n',
  );
});

test('a partition without a leader does not keep the others from being shown', async (t) => {
  const cluster = await startEmbedded(t);
  const job = await adminJob(t, {
    kind: 'embedded',
    brokers: cluster.brokers,
    createTopic: async (name, partitions) => {
      cluster.createTopic(name, { partitions, replicationFactor: 1 });
    },
  });
  await job.commit(0, 2);
  await job.commit(1, 2);
  await cluster.stopNode(cluster.leaderOf(job.topic, 0));
  t.is(
    (await job.kasper('lag', job.name)).stdout,
    `kasper-topic-processor-job-xxxxxxxxxxxx

TOPIC            PARTITION  COMMITTED  START  END  LAG  NOTE
in-xxxxxxxxxxxx          0          2      -    -    -  no leader
in-xxxxxxxxxxxx          1          2      0    5    3
in-xxxxxxxxxxxx          2          -      0    0    -

total lag 3 in 3 partitions (1 without a commit, 1 without a leader)
`,
  );
});

test('a Kafka that is not there ends with 3 and says what to check', async (t) => {
  const cluster = await startEmbedded(t, { brokers: 1 });
  const [address = ''] = cluster.brokers;
  await cluster.close();
  const { exitCode, stdout, stderr } = await kasper(['lag', 'orders', '--brokers', address]);
  t.deepEqual([exitCode, stdout], [3, '']);
  t.regex(
    stderr,
    new RegExp(
      `^error: .*ECONNREFUSED ${address}; nothing listens there: .*\nCheck --brokers, the network, TLS and SASL; .*\n$`,
    ),
  );
});
