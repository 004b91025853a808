import test from 'ava';
import { BrokerError } from '../../../../source/kernel/errors.ts';
import { startEmbedded, testOnEach } from '../../../_helpers/servers/clusters.ts';
import { rawBatch } from '../../../_helpers/raw/raw-batch.ts';
import { randomName } from '../../../_helpers/servers/services.ts';
import { kafkajsFor } from '../../../_helpers/jobs/system-job.ts';
import { until } from '../../../_helpers/until.ts';
import {
  Collector,
  connectClient,
  numbers,
  openSource,
  partitionsOf,
  sendNumbers,
  startAt,
} from '../test-client.ts';

testOnEach('an epoch ends at the end of the log, or nowhere if it never was', async (t, cluster) => {
  const topic = randomName('epochs');
  await cluster.createTopic(topic, 2);
  const client = await connectClient(t, cluster.brokers);
  await sendNumbers(client, topic, 2, 30);
  const ends = await client.leaderEpochEnds([
    { topic, partition: 1, offset: 7, leaderEpoch: 0 },
    { topic, partition: 0, offset: 7, leaderEpoch: 99 },
  ]);
  t.deepEqual(ends, [
    { topic, partition: 1, endOffset: 15 },
    { topic, partition: 0, endOffset: undefined },
  ]);
});

test('an older epoch ends where the next one began', async (t) => {
  const cluster = await startEmbedded(t, { topics: { orders: 1 } });
  const client = await connectClient(t, cluster.brokers);
  await sendNumbers(client, 'orders', 1, 4);
  cluster.moveLeader('orders', 0, (cluster.leaderOf('orders', 0) % 3) + 1);
  await sendNumbers(client, 'orders', 1, 3);
  const at = { topic: 'orders', partition: 0, offset: 5 };
  const ends = await client.leaderEpochEnds([{ ...at, leaderEpoch: 0 }]);
  t.deepEqual(ends, [{ topic: 'orders', partition: 0, endOffset: 4 }]);
});

for (const code of [3, 5, 6, 74, 75]) {
  test(`error ${code} of OffsetForLeaderEpoch is retried`, async (t) => {
    const cluster = await startEmbedded(t, { topics: { orders: 1 } });
    const client = await connectClient(t, cluster.brokers);
    const fault = cluster.faults.fail({ api: 'OffsetForLeaderEpoch', code, times: 3 });
    const ends = await client.leaderEpochEnds([{ topic: 'orders', partition: 0, offset: 0, leaderEpoch: 0 }]);
    t.is(ends?.[0]?.endOffset, 0);
    t.is(fault.hits, 3);
  });
}

test('where the request is not served the ends are unknown; other refusals are reported', async (t) => {
  const cluster = await startEmbedded(t, { topics: { orders: 1 } });
  const client = await connectClient(t, cluster.brokers);
  const ask = () => client.leaderEpochEnds([{ topic: 'orders', partition: 0, offset: 0, leaderEpoch: 0 }]);
  cluster.faults.fail({ api: 'OffsetForLeaderEpoch', code: 35 });
  t.is(await ask(), undefined);
  cluster.faults.fail({ api: 'OffsetForLeaderEpoch', code: 29 });
  t.is((await t.throwsAsync(ask(), { instanceOf: BrokerError })).brokerCode, 29);
});

test('a source that meets a new leader without the records it has read reports it, with both ends', async (t) => {
  const cluster = await startEmbedded(t, { topics: { orders: 1 } });
  const client = await connectClient(t, cluster.brokers);
  await sendNumbers(client, 'orders', 1, 5);
  // Written by a leader whose epoch nobody else ever heard of.
  cluster.appendRaw('orders', 0, rawBatch({ count: 3, baseOffset: 5, leaderEpoch: 41 }), {
    keepOffset: true,
  });
  const collector = new Collector();
  collector.read(openSource(t, client), startAt(partitionsOf('orders', 1)));
  await collector.untilCount(8);
  collector.onOutOfRangeHook = ({ latest }) => latest;
  cluster.moveLeader('orders', 0, (cluster.leaderOf('orders', 0) % 3) + 1);
  await until(() => collector.outOfRange.length === 1, { deadlineMs: 10_000, what: 'the truncation' });
  const [told] = collector.outOfRange;
  t.deepEqual([told?.offset, told?.earliest, told?.latest, told?.reason], [8, 0, 8, 'truncated']);
  await sendNumbers(client, 'orders', 1, 2, { from: 100 });
  await collector.untilCount(10);
  t.deepEqual(collector.values('orders', 0).slice(8), numbers(2, 100));
  t.is(collector.outOfRange.length, 1);
});

test('a source that meets a new leader with the records it has read reads on', async (t) => {
  const cluster = await startEmbedded(t, { topics: { orders: 1 } });
  const client = await connectClient(t, cluster.brokers);
  await sendNumbers(client, 'orders', 1, 5);
  const collector = new Collector();
  collector.read(openSource(t, client), startAt(partitionsOf('orders', 1)));
  await collector.untilCount(5);
  cluster.moveLeader('orders', 0, (cluster.leaderOf('orders', 0) % 3) + 1);
  await sendNumbers(client, 'orders', 1, 5, { from: 5 });
  await collector.untilCount(10);
  t.deepEqual(collector.values('orders', 0), numbers(10));
  t.deepEqual(collector.outOfRange, []);
  t.true(cluster.requests('OffsetForLeaderEpoch').some(({ count }) => count > 0));
});

testOnEach('a group is described: unknown, simple, with members, and after they left', async (t, cluster) => {
  const topic = randomName('described');
  await cluster.createTopic(topic, 1);
  const client = await connectClient(t, cluster.brokers);
  const groupId = randomName('group');
  t.deepEqual(await client.describeGroup(groupId), { state: 'Dead', protocolType: '', members: [] });
  await client.group(groupId).commit([{ topic, partition: 0, offset: 0, leaderEpoch: -1, metadata: '' }]);
  t.deepEqual(await client.describeGroup(groupId), { state: 'Empty', protocolType: '', members: [] });
  const consumer = kafkajsFor(cluster).consumer({ groupId });
  t.teardown(() => consumer.disconnect());
  const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
  await consumer.subscribe({ topic });
  await consumer.run({ eachMessage: () => Promise.resolve() });
  await joined;
  const { protocolType, members } = await client.describeGroup(groupId);
  t.is(protocolType, 'consumer');
  t.deepEqual(
    members.map(({ clientId, host }) => ({ clientId, isLocal: /^\/?127\.0\.0\.1$/.test(host) })),
    [{ clientId: 'kafkajs', isLocal: true }],
  );
  await consumer.disconnect();
  t.deepEqual(await client.describeGroup(groupId), {
    state: 'Empty',
    protocolType: 'consumer',
    members: [],
  });
});

for (const code of [14, 15, 16]) {
  test(`error ${code} of DescribeGroups is retried`, async (t) => {
    const cluster = await startEmbedded(t);
    const client = await connectClient(t, cluster.brokers);
    const fault = cluster.faults.fail({ api: 'DescribeGroups', code, times: 3 });
    t.is((await client.describeGroup('jobs')).state, 'Dead');
    t.is(fault.hits, 3);
  });
}
