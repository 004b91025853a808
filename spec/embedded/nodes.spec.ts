import test from 'ava';
import { startEmbedded, uniqueName } from '../_helpers/servers/embedded.ts';
import { rawBatch } from '../_helpers/raw/raw-batch.ts';
import { RawClient } from '../_helpers/raw/raw-client.ts';
import { join, joinAnew } from '../_helpers/raw/raw-group.ts';
import { present } from '../_helpers/raw/present.ts';
import { fetch } from '../_helpers/raw/raw-fetch.ts';
import { commit, fetchOffsets, findCoordinator } from '../_helpers/raw/raw-offsets.ts';
import { produce } from '../_helpers/raw/raw-produce.ts';
import { listOffset, metadata } from '../_helpers/raw/raw-topics.ts';
import type { EmbeddedCluster } from '../../source/embedded/index.ts';
import { until } from '../_helpers/until.ts';

const deadlineMs = 5_000;

function addressOf(cluster: EmbeddedCluster, nodeId: number): string {
  return present(cluster.brokers[nodeId - 1]);
}

test('after a leader move the old leader answers 6, but serves Fetch v11 as a follower', async (t) => {
  const cluster = await startEmbedded(t, { brokers: 3, topics: { flights: 1 } });
  const before = cluster.leaderOf('flights', 0);
  const after = (before % 3) + 1;
  const [old, next] = [
    await RawClient.open(t, addressOf(cluster, before)),
    await RawClient.open(t, addressOf(cluster, after)),
  ];
  await produce(old, [{ topic: 'flights', records: rawBatch({ count: 3 }) }]);
  cluster.moveLeader('flights', 0, after);
  t.is(cluster.leaderOf('flights', 0), after);

  const wanted = [{ partition: 0, offset: 0 }];
  t.is((await fetch(old, 'flights', wanted))[0]?.code, 6);
  const [fromFollower] = await fetch(old, 'flights', wanted, { version: 11 });
  t.is(fromFollower?.code, 0);
  t.true(present(fromFollower).records.length > 0);
  t.is((await listOffset(old, 'flights', -1)).code, 6);
  t.is((await produce(old, [{ topic: 'flights', records: rawBatch() }]))[0]?.code, 6);
  t.deepEqual(
    (await produce(next, [{ topic: 'flights', records: rawBatch() }])).map(({ baseOffset }) => baseOffset),
    [3],
  );
});

test('a fetch that waits is answered immediately when the leader moves away', async (t) => {
  const cluster = await startEmbedded(t, { brokers: 2, topics: { flights: 1 } });
  const before = cluster.leaderOf('flights', 0);
  const client = await RawClient.open(t, addressOf(cluster, before));
  const waiting = fetch(client, 'flights', [{ partition: 0, offset: 0 }], { maxWaitMs: 60_000 });
  await until(() => cluster.requests('Fetch').length === 1, { deadlineMs, what: 'the fetch to arrive' });
  cluster.moveLeader('flights', 0, before === 1 ? 2 : 1);
  t.is((await waiting)[0]?.code, 6);
});

test('leader epochs rise with each move, fence clients that know an older one, and show where the log was cut', async (t) => {
  const cluster = await startEmbedded(t, { brokers: 2, topics: { flights: 1 } });
  const [before, after] = cluster.leaderOf('flights', 0) === 1 ? [1, 2] : [2, 1];
  const clients = [
    await RawClient.open(t, addressOf(cluster, before)),
    await RawClient.open(t, addressOf(cluster, after)),
  ];
  const [old, next] = [present(clients[0]), present(clients[1])];
  await produce(old, [{ topic: 'flights', records: rawBatch({ count: 4 }) }]);
  cluster.moveLeader('flights', 0, after);
  await produce(next, [{ topic: 'flights', records: rawBatch({ count: 2 }) }]);
  const { topics } = await metadata(next, ['flights']);
  t.deepEqual(topics[0]?.partitions, [{ partition: 0, leader: after, leaderEpoch: 1 }]);
  const code = async (currentLeaderEpoch: number) =>
    (await fetch(next, 'flights', [{ partition: 0, offset: 0, currentLeaderEpoch }]))[0]?.code;
  t.deepEqual([await code(0), await code(1), await code(2), await code(-1)], [74, 0, 75, 0]);
  const end = async (leaderEpoch: number) => {
    const reader = await next.call({
      key: 23,
      version: 2,
      body: (writer) => writer.int32(1).string('flights').int32(1).int32(0).int32(-1).int32(leaderEpoch),
    });
    reader.int32();
    return reader.array(() => {
      reader.string();
      return reader.array(() => [reader.int16(), reader.int32(), reader.int32(), reader.int64()]);
    });
  };
  t.deepEqual(await end(0), [[[0, 0, 0, 4]]]);
  t.deepEqual(await end(1), [[[0, 0, 1, 6]]]);
  t.deepEqual(await end(2), [[[0, 0, -1, -1]]]);
});

test('a moved coordinator answers 16 at the old place, and has all that was committed at the new one', async (t) => {
  const cluster = await startEmbedded(t, { brokers: 2, topics: { flights: 1 } });
  const groupId = uniqueName('group');
  const before = cluster.coordinatorOf(groupId);
  const after = before === 1 ? 2 : 1;
  const [old, next] = [
    await RawClient.open(t, addressOf(cluster, before)),
    await RawClient.open(t, addressOf(cluster, after)),
  ];
  t.deepEqual(await commit(old, { groupId }, 'flights', [[0, 5]]), [0]);
  t.is((await findCoordinator(next, groupId)).nodeId, before);
  cluster.moveCoordinator(groupId, after);
  t.deepEqual(await commit(old, { groupId }, 'flights', [[0, 6]]), [16]);
  t.is((await fetchOffsets(old, groupId)).code, 16);
  t.is((await findCoordinator(old, groupId)).nodeId, after);
  t.is((await fetchOffsets(next, groupId)).offsets[0]?.offset, 5);
});

test('a member that waits for others gets an answer when the coordinator moves', async (t) => {
  const cluster = await startEmbedded(t, { brokers: 2 });
  const groupId = uniqueName('group');
  const before = cluster.coordinatorOf(groupId);
  const address = addressOf(cluster, before);
  const [one, two] = [await RawClient.open(t, address), await RawClient.open(t, address)];
  await joinAnew(one, groupId);
  const { memberId } = await join(two, groupId);
  const waiting = join(two, groupId, { memberId });
  const joins = () => cluster.requests('JoinGroup').reduce((sum, { count }) => sum + count, 0);
  await until(() => joins() === 4, { deadlineMs, what: 'the second member to wait' });
  cluster.moveCoordinator(groupId, before === 1 ? 2 : 1);
  t.is((await waiting).code, 16);
});

test('a stopped node loses its partitions, groups and connections, and comes back on its port', async (t) => {
  const cluster = await startEmbedded(t, { brokers: 3, topics: { flights: 6 } });
  const groupId = uniqueName('group');
  cluster.moveCoordinator(groupId, 2);
  const victim = await RawClient.open(t, addressOf(cluster, 2));
  const survivor = await RawClient.open(t, addressOf(cluster, 1));
  await metadata(victim, []);
  const led = [0, 1, 2, 3, 4, 5].filter((partition) => cluster.leaderOf('flights', partition) === 2);
  t.is(led.length, 2);
  const addresses = cluster.brokers;

  await cluster.stopNode(2);
  await victim.closed;
  const during = await metadata(survivor, ['flights']);
  t.deepEqual([...during.nodes.keys()], [1, 3]);
  for (const { partition, leader, leaderEpoch } of present(during.topics[0]).partitions) {
    t.not(leader, 2);
    t.is(leaderEpoch, led.includes(partition) ? 1 : 0);
  }
  t.not(cluster.coordinatorOf(groupId), 2);
  await t.throwsAsync(RawClient.open(t, addressOf(cluster, 2)), { code: 'ECONNREFUSED' });

  await cluster.startNode(2);
  t.deepEqual(cluster.brokers, addresses);
  const back = await RawClient.open(t, addressOf(cluster, 2));
  t.deepEqual([...(await metadata(back, [])).nodes.keys()], [1, 2, 3]);
});

test('with all its replicas stopped a partition has no leader until one comes back', async (t) => {
  const cluster = await startEmbedded(t, {
    brokers: 2,
    topics: { flights: { partitions: 1, replicationFactor: 1 } },
  });
  const owner = cluster.leaderOf('flights', 0);
  const other = await RawClient.open(t, addressOf(cluster, owner === 1 ? 2 : 1));
  await cluster.stopNode(owner);
  t.is(cluster.leaderOf('flights', 0), -1);
  t.is((await metadata(other, ['flights'])).topics[0]?.partitions[0]?.leader, -1);
  await cluster.startNode(owner);
  t.is(cluster.leaderOf('flights', 0), owner);
});

test('acks=all needs min.insync.replicas', async (t) => {
  const cluster = await startEmbedded(t, {
    brokers: 2,
    topics: { flights: { partitions: 1, config: { 'min.insync.replicas': '2' } } },
  });
  const leader = cluster.leaderOf('flights', 0);
  const client = await RawClient.open(t, addressOf(cluster, leader));
  t.is((await produce(client, [{ topic: 'flights', records: rawBatch() }]))[0]?.code, 0);
  await cluster.stopNode(leader === 1 ? 2 : 1);
  t.is((await produce(client, [{ topic: 'flights', records: rawBatch() }]))[0]?.code, 19);
});
