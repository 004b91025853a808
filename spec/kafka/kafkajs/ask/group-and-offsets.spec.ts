import test from 'ava';
import { Kafka, logLevel } from 'kafkajs';
import { BrokerError, ConfigError, KasperError } from '../../../../source/kernel/errors.ts';
import { startEmbedded, testOnEach } from '../../../_helpers/servers/clusters.ts';
import { randomName } from '../../../_helpers/servers/services.ts';
import { until } from '../../../_helpers/until.ts';
import { forgettingSockets } from '../forgetting-sockets.ts';
import {
  connectClient,
  partitionsOf,
  sendNumbers,
  SHORT_DEADLINES,
  FIRST_TIMESTAMP,
} from '../test-client.ts';
import type { OffsetToCommit } from '../../../../source/kafka/group-offsets.ts';

function commits(topic: string, count: number, offset = 10): OffsetToCommit[] {
  return partitionsOf(topic, count).map((at, i) => ({
    ...at,
    offset: offset + i,
    leaderEpoch: 0,
    metadata: `m${i}`,
  }));
}

testOnEach('committed offsets are read back with epoch and metadata', async (t, cluster) => {
  const topic = randomName('commit');
  await cluster.createTopic(topic, 3);
  const client = await connectClient(t, cluster.brokers);
  await sendNumbers(client, topic, 3, 60);
  const group = client.group(randomName('group'));
  t.deepEqual(
    (await group.fetch(partitionsOf(topic, 3))).map(({ offset, metadata }) => [offset, metadata]),
    [
      [undefined, ''],
      [undefined, ''],
      [undefined, ''],
    ],
  );
  const results = await group.commit(commits(topic, 2));
  t.deepEqual(results, [
    { topic, partition: 0, offset: 10, error: undefined },
    { topic, partition: 1, offset: 11, error: undefined },
  ]);
  t.deepEqual(await group.fetch(partitionsOf(topic, 3)), [
    { topic, partition: 0, offset: 10, leaderEpoch: 0, metadata: 'm0' },
    { topic, partition: 1, offset: 11, leaderEpoch: 0, metadata: 'm1' },
    { topic, partition: 2, offset: undefined, leaderEpoch: -1, metadata: '' },
  ]);
  t.deepEqual((await group.commit(commits(topic, 1, 4)))[0]?.error, undefined);
  t.is((await group.fetch(partitionsOf(topic, 1)))[0]?.offset, 4);
});

testOnEach('each partition of a commit is judged alone', async (t, cluster) => {
  const topic = randomName('alone');
  await cluster.createTopic(topic, 1);
  const client = await connectClient(t, cluster.brokers);
  const group = client.group(randomName('group'));
  const [good, missing] = await group.commit([
    { topic, partition: 0, offset: 3, leaderEpoch: -1, metadata: '' },
    { topic, partition: 77, offset: 3, leaderEpoch: -1, metadata: '' },
  ]);
  t.is(good?.error, undefined);
  t.true(missing?.error instanceof BrokerError && missing.error.brokerCode === 3);
  t.regex(missing?.error?.message ?? '', new RegExp(`${topic}/77 at 3 in group`));
  t.is((await group.fetch(partitionsOf(topic, 1)))[0]?.offset, 3);
});

testOnEach(
  'while a consumer is a member of the group, a commit is refused, with what to do',
  async (t, cluster) => {
    const topic = randomName('member');
    await cluster.createTopic(topic, 1);
    const groupId = randomName('group');
    const consumer = new Kafka({ brokers: [...cluster.brokers], logLevel: logLevel.NOTHING }).consumer({
      groupId,
    });
    t.teardown(() => consumer.disconnect());
    const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
    await consumer.subscribe({ topic });
    await consumer.run({ eachMessage: () => Promise.resolve() });
    await joined;
    const client = await connectClient(t, cluster.brokers);
    const [result] = await client.group(groupId).commit(commits(topic, 1));
    t.true(result?.error instanceof BrokerError && result.error.brokerCode === 25);
    t.regex(result?.error?.message ?? '', /active member.*stop that consumer/);
  },
);

test('a coordinator that moves is found again', async (t) => {
  const cluster = await startEmbedded(t, { topics: { orders: 2 } });
  const client = await connectClient(t, cluster.brokers);
  const group = client.group('jobs');
  await group.commit(commits('orders', 2));
  cluster.moveCoordinator('jobs', (cluster.coordinatorOf('jobs') % 3) + 1);
  const [refused] = await group.commit(commits('orders', 2, 20));
  t.true(refused?.error instanceof BrokerError && refused.error.retriable);
  const [stored] = await group.commit(commits('orders', 2, 20));
  t.is(stored?.error, undefined);
  cluster.moveCoordinator('jobs', (cluster.coordinatorOf('jobs') % 3) + 1);
  t.is((await group.fetch(partitionsOf('orders', 2)))[1]?.offset, 21);
});

test('a coordinator that stops is found again', async (t) => {
  const cluster = await startEmbedded(t, { topics: { orders: 1 } });
  const client = await connectClient(t, cluster.brokers);
  const group = client.group('jobs');
  await group.commit(commits('orders', 1));
  await cluster.stopNode(cluster.coordinatorOf('jobs'));
  await until(async () => (await group.commit(commits('orders', 1, 20)))[0]?.error === undefined, {
    deadlineMs: 20_000,
    what: 'a commit at the new coordinator',
    retryErrors: true,
  });
  t.is(cluster.committed('jobs')[0]?.offset, 20);
});

test('a commit without an answer says that it can be tried again', async (t) => {
  const cluster = await startEmbedded(t, { topics: { orders: 1 } });
  const client = await connectClient(t, cluster.brokers);
  const group = client.group('jobs');
  await group.commit(commits('orders', 1));
  cluster.faults.drop({ api: 'OffsetCommit', when: 'after' });
  const error = await t.throwsAsync(group.commit(commits('orders', 1, 20)));
  t.true(KasperError.is(error) && error.retriable);
  t.is((await group.commit(commits('orders', 1, 20)))[0]?.error, undefined);
});

test('a commit whose answer leaves a partition out is not taken for stored', async (t) => {
  const cluster = await startEmbedded(t, { brokers: 1, topics: { orders: 3 } });
  const { socketFactory, state } = forgettingSockets('OffsetCommit', 1, 1);
  const client = await connectClient(t, { brokers: cluster.brokers, socketFactory });
  const group = client.group('jobs');
  const [first, left, last] = await group.commit(commits('orders', 3));
  t.is(state.forgotten, 1);
  t.is(first?.error, undefined);
  t.is(last?.error, undefined);
  t.true(left?.error?.retriable);
  t.regex(String(left?.error), /orders\/1 at 11 in group jobs: the answer does not name this partition/);
  const again = await group.commit(commits('orders', 3));
  t.true(again.every(({ error }) => error === undefined));
});

test('a coordinator that freezes is left at the deadline', async (t) => {
  const cluster = await startEmbedded(t, { topics: { orders: 1 } });
  const client = await connectClient(t, cluster.brokers, { deadlines: SHORT_DEADLINES });
  const group = client.group('jobs');
  await group.commit(commits('orders', 1));
  const frozen = cluster.coordinatorOf('jobs');
  cluster.faults.freeze(frozen);
  const error = await t.throwsAsync(group.commit(commits('orders', 1, 20)));
  t.true(KasperError.is(error) && error.code === 'TIMEOUT' && error.retriable, String(error));
  cluster.moveCoordinator('jobs', (frozen % 3) + 1);
  await until(async () => (await group.commit(commits('orders', 1, 20)))[0]?.error === undefined, {
    deadlineMs: 20_000,
    what: 'a commit at the new coordinator',
    retryErrors: true,
  });
  t.is(cluster.committed('jobs')[0]?.offset, 20);
});

for (const [api, codes] of [
  ['FindCoordinator', [14, 15, 16]],
  ['OffsetFetch', [14, 15, 16, 88]],
] as const) {
  for (const code of codes) {
    test(`error ${code} of ${api} is retried when offsets are fetched`, async (t) => {
      const cluster = await startEmbedded(t, { topics: { orders: 1 } });
      const client = await connectClient(t, cluster.brokers);
      const fault = cluster.faults.fail({ api, code, times: 3 });
      t.is((await client.group('jobs').fetch(partitionsOf('orders', 1)))[0]?.offset, undefined);
      t.is(fault.hits, 3);
    });
  }
}

for (const code of [14, 15, 16]) {
  test(`error ${code} of OffsetCommit is given back per partition, as one that can be tried again`, async (t) => {
    const cluster = await startEmbedded(t, { topics: { orders: 2 } });
    const client = await connectClient(t, cluster.brokers);
    const group = client.group('jobs');
    cluster.faults.fail({ api: 'OffsetCommit', code, topic: 'orders', partition: 1 });
    const [stored, refused] = await group.commit(commits('orders', 2));
    t.is(stored?.error, undefined);
    t.true(
      refused?.error instanceof BrokerError && refused.error.retriable && refused.error.brokerCode === code,
    );
    t.true((await group.commit(commits('orders', 2))).every(({ error }) => error === undefined));
  });
}

test('an error of one partition in an answer to OffsetFetch is not taken for an offset that was never committed', async (t) => {
  const cluster = await startEmbedded(t, { topics: { orders: 2 } });
  const client = await connectClient(t, cluster.brokers);
  const group = client.group('jobs');
  await group.commit(commits('orders', 2));
  const ofOne = { api: 'OffsetFetch', topic: 'orders', partition: 1 } as const;
  const unstable = cluster.faults.fail({ ...ofOne, code: 88, times: 2 });
  t.deepEqual(
    (await group.fetch(partitionsOf('orders', 2))).map(({ offset }) => offset),
    [10, 11],
  );
  t.is(unstable.hits, 2);
  cluster.faults.fail({ ...ofOne, code: 29, times: Infinity });
  const error = await t.throwsAsync(group.fetch(partitionsOf('orders', 2)), { instanceOf: BrokerError });
  t.regex(error.message, /OffsetFetch of group jobs, orders\/1 .*TOPIC_AUTHORIZATION_FAILED/);
});

test('a group that may not be read fails immediately', async (t) => {
  const cluster = await startEmbedded(t, { topics: { orders: 1 } });
  const client = await connectClient(t, cluster.brokers);
  cluster.faults.fail({ api: 'OffsetFetch', code: 30, times: Infinity });
  const error = await t.throwsAsync(client.group('jobs').fetch(partitionsOf('orders', 1)), {
    instanceOf: BrokerError,
  });
  t.is(error.brokerCode, 30);
  t.regex(error.message, /jobs.*GROUP_AUTHORIZATION_FAILED/);
});

testOnEach('earliest, latest and timestamps are looked up in the order asked for', async (t, cluster) => {
  const topic = randomName('offsets');
  await cluster.createTopic(topic, 4);
  const client = await connectClient(t, cluster.brokers);
  await sendNumbers(client, topic, 4, 42);
  const reversed = partitionsOf(topic, 4).reverse();
  const of = async (spec: Parameters<typeof client.listOffsets>[0]) =>
    (await client.listOffsets(spec, reversed, 'read_committed')).map(({ partition, offset }) => [
      partition,
      offset,
    ]);
  t.deepEqual(await of('earliest'), [
    [3, 0],
    [2, 0],
    [1, 0],
    [0, 0],
  ]);
  t.deepEqual(await of('latest'), [
    [3, 10],
    [2, 10],
    [1, 11],
    [0, 11],
  ]);
  t.deepEqual(await of({ timestamp: FIRST_TIMESTAMP + 20 }), [
    [3, 5],
    [2, 5],
    [1, 5],
    [0, 5],
  ]);
  t.deepEqual(await of({ timestamp: FIRST_TIMESTAMP + 41 }), [
    [3, 10],
    [2, 10],
    [1, 10],
    [0, 11],
  ]);
});

for (const code of [3, 5, 6, 74, 75, 78]) {
  test(`error ${code} of ListOffsets is retried`, async (t) => {
    const cluster = await startEmbedded(t, { topics: { orders: 3 } });
    const client = await connectClient(t, cluster.brokers);
    await sendNumbers(client, 'orders', 3, 9);
    const fault = cluster.faults.fail({ api: 'ListOffsets', code, times: 4 });
    const found = await client.listOffsets('latest', partitionsOf('orders', 3), 'read_committed');
    t.deepEqual(
      found.map(({ offset }) => offset),
      [3, 3, 3],
    );
    t.is(fault.hits, 4);
  });
}

test('a frozen broker does not hold up metadata: another one is asked', async (t) => {
  const cluster = await startEmbedded(t, { topics: { orders: 1 } });
  const client = await connectClient(t, cluster.brokers, { deadlines: SHORT_DEADLINES });
  for (const node of [1, 2]) cluster.faults.freeze(node);
  const described = await client.describeTopics(['orders']);
  t.is(described.get('orders')?.partitionCount, 1);
});

for (const code of [5, 29]) {
  test(`error ${code} of a topic's metadata is ${code === 5 ? 'retried' : 'reported immediately'}`, async (t) => {
    const cluster = await startEmbedded(t, { topics: { orders: 1 } });
    const client = await connectClient(t, cluster.brokers);
    cluster.faults.fail({ api: 'Metadata', code, times: code === 5 ? 3 : Infinity });
    const described = client.describeTopics(['orders']);
    if (code === 5) t.is((await described).get('orders')?.partitionCount, 1);
    else t.is((await t.throwsAsync(described, { instanceOf: BrokerError })).brokerCode, 29);
  });
}

testOnEach(
  'topics are created with their configuration, and those that exist are left as they are',
  async (t, cluster) => {
    const client = await connectClient(t, cluster.brokers);
    const [first, second] = [randomName('made'), randomName('made')];
    t.deepEqual(
      await client.createTopics([
        { topic: first, partitionCount: 2, config: { 'cleanup.policy': 'compact' } },
      ]),
      [first],
    );
    t.deepEqual(
      await client.createTopics([
        { topic: first, partitionCount: 5 },
        { topic: second, partitionCount: 3, replicationFactor: 1 },
      ]),
      [second],
    );
    const described = await client.describeTopics([first, second]);
    t.deepEqual([described.get(first)?.partitionCount, described.get(second)?.partitionCount], [2, 3]);
    const error = await t.throwsAsync(
      client.createTopics([{ topic: 'not a legal name', partitionCount: 1 }]),
      { instanceOf: ConfigError },
    );
    t.regex(error.message, /'not a legal name' is not a topic name/);
  },
);

test('a new topic that the brokers do not know yet is waited for', async (t) => {
  const cluster = await startEmbedded(t);
  const client = await connectClient(t, cluster.brokers);
  const topic = randomName('new');
  const notYet = cluster.faults.fail({ api: 'Metadata', code: 3, times: 2 });
  t.deepEqual(await client.createTopics([{ topic, partitionCount: 2 }]), [topic]);
  t.is(notYet.hits, 2);
  t.is((await client.describeTopics([topic])).get(topic)?.partitionCount, 2);
});
