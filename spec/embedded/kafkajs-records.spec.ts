import test from 'ava';
import type { ExecutionContext } from 'ava';
import { CompressionTypes, Partitioners } from 'kafkajs';
import type { Consumer, EachMessagePayload, Producer } from 'kafkajs';
import type { EmbeddedCluster } from '../../source/embedded/index.ts';
import { kafkajsOn, startEmbedded, uniqueName } from '../_helpers/servers/embedded.ts';
import { RawClient } from '../_helpers/raw/raw-client.ts';
import { heartbeat, joinAnew, sync } from '../_helpers/raw/raw-group.ts';
import { present } from '../_helpers/raw/present.ts';
import { until } from '../_helpers/until.ts';

const deadlineMs = 20_000;

async function connectProducer(
  t: ExecutionContext,
  cluster: EmbeddedCluster,
  idempotent = false,
): Promise<Producer> {
  const producer = kafkajsOn(cluster).producer({
    createPartitioner: Partitioners.DefaultPartitioner,
    idempotent,
  });
  await producer.connect();
  t.teardown(() => producer.disconnect());
  return producer;
}

/** Starts a consumer that notes what it reads. */
async function consume(
  t: ExecutionContext,
  cluster: EmbeddedCluster,
  groupId: string,
  topic: string,
): Promise<{ consumer: Consumer; read: EachMessagePayload[] }> {
  const consumer = kafkajsOn(cluster).consumer({
    groupId,
    sessionTimeout: 10_000,
    heartbeatInterval: 100,
    maxWaitTimeInMs: 50,
  });
  const read: EachMessagePayload[] = [];
  await consumer.connect();
  t.teardown(() => consumer.disconnect());
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    eachMessage: (payload) => {
      read.push(payload);
      return Promise.resolve();
    },
  });
  return { consumer, read };
}

function values(read: readonly EachMessagePayload[]): string[] {
  return read.map(({ message }) => String(message.value)).sort();
}

function numbered(from: number, to: number): { key: string; value: string }[] {
  return Array.from({ length: to - from }, (_, i) => ({ key: `k${from + i}`, value: `v${from + i}` }));
}

async function assigned(cluster: EmbeddedCluster, groupId: string): Promise<string[]> {
  const admin = kafkajsOn(cluster).admin();
  await admin.connect();
  try {
    const { groups } = await admin.describeGroups([groupId]);
    return groups[0]?.state === 'Stable' ? groups[0].members.map(({ memberId }) => memberId) : [];
  } finally {
    await admin.disconnect();
  }
}

for (const idempotent of [false, true]) {
  for (const compression of [CompressionTypes.None, CompressionTypes.GZIP]) {
    const how = `${idempotent ? 'idempotently' : 'plainly'}, ${compression === CompressionTypes.GZIP ? 'with gzip' : 'uncompressed'}`;
    test(`what kafkajs sends ${how} comes back whole`, async (t) => {
      const cluster = await startEmbedded(t, { brokers: 3, topics: { flights: 4 } });
      const producer = await connectProducer(t, cluster, idempotent);
      const messages = numbered(0, 200);
      await producer.send({ topic: 'flights', messages: messages.slice(0, 100), compression });
      await producer.send({ topic: 'flights', messages: messages.slice(100), compression });
      const { read } = await consume(t, cluster, uniqueName('group'), 'flights');
      await until(() => read.length === 200, { deadlineMs, what: '200 records' });
      t.deepEqual(values(read), messages.map(({ value }) => value).sort());
    });
  }
}

test('headers, tombstones and empty values come back as they were', async (t) => {
  const cluster = await startEmbedded(t, { topics: { flights: 1 } });
  const producer = await connectProducer(t, cluster);
  await producer.send({
    topic: 'flights',
    messages: [
      { key: 'a', value: null, headers: { one: '1', many: ['x', 'y'] }, timestamp: '1700000000000' },
      { key: null, value: '' },
    ],
  });
  const { read } = await consume(t, cluster, uniqueName('group'), 'flights');
  await until(() => read.length === 2, { deadlineMs, what: 'both records' });
  const [tombstone, empty] = read.map(({ message }) => message);
  t.is(tombstone?.value, null);
  t.is(tombstone?.timestamp, '1700000000000');
  t.deepEqual(tombstone?.headers, {
    one: Buffer.from('1'),
    many: [Buffer.from('x'), Buffer.from('y')],
  });
  t.is(empty?.key, null);
  t.deepEqual(empty?.value, Buffer.alloc(0));
});

test('a lost ack does not make an idempotent producer write twice', async (t) => {
  const cluster = await startEmbedded(t, { topics: { flights: 1 } });
  const producer = await connectProducer(t, cluster, true);
  await producer.send({ topic: 'flights', messages: numbered(0, 10) });
  const fault = cluster.faults.drop({ api: 'Produce', when: 'after' });
  await producer.send({ topic: 'flights', messages: numbered(10, 20) });
  await fault.done;
  t.is(cluster.endOffset('flights', 0), 20);
});

test('two members share four partitions, and one takes over when the other leaves', async (t) => {
  const cluster = await startEmbedded(t, { brokers: 2, topics: { flights: 4 } });
  const groupId = uniqueName('group');
  const producer = await connectProducer(t, cluster);
  const sendTo = (text: string) =>
    producer.send({
      topic: 'flights',
      messages: [0, 1, 2, 3].map((partition) => ({ partition, value: `${text}-${partition}` })),
    });
  const first = await consume(t, cluster, groupId, 'flights');
  const second = await consume(t, cluster, groupId, 'flights');
  await until(async () => (await assigned(cluster, groupId)).length === 2, {
    deadlineMs,
    what: 'two members in a stable group',
  });
  await sendTo('shared');
  await until(() => first.read.length + second.read.length === 4, { deadlineMs, what: 'four records' });
  t.deepEqual([first.read.length, second.read.length], [2, 2]);

  await second.consumer.stop();
  await until(async () => (await assigned(cluster, groupId)).length === 1, {
    deadlineMs,
    what: 'one member in a stable group',
  });
  await sendTo('alone');
  await until(() => first.read.length === 6, { deadlineMs, what: 'the records of all partitions' });
  t.is(values(first.read).filter((value) => value.startsWith('alone')).length, 4);
});

test('a consumer that starts again continues where it committed', async (t) => {
  const cluster = await startEmbedded(t, { topics: { flights: 2 } });
  const groupId = uniqueName('group');
  const producer = await connectProducer(t, cluster);
  await producer.send({ topic: 'flights', messages: numbered(0, 20) });
  const before = await consume(t, cluster, groupId, 'flights');
  await until(() => before.read.length === 20, { deadlineMs, what: '20 records' });
  await before.consumer.disconnect();
  t.is(
    cluster.committed(groupId).reduce((sum, { offset }) => sum + offset, 0),
    20,
  );
  await producer.send({ topic: 'flights', messages: numbered(20, 30) });
  const after = await consume(t, cluster, groupId, 'flights');
  await until(() => after.read.length >= 10, { deadlineMs, what: 'the new records' });
  t.deepEqual(
    values(after.read),
    numbered(20, 30).map(({ value }) => value),
  );
});

test('a member that falls silent is removed, and kafkajs takes its partitions', async (t) => {
  const cluster = await startEmbedded(t, { topics: { flights: 2 } });
  const groupId = uniqueName('group');
  const silent = await RawClient.open(t, present(cluster.brokers[0]));
  const limits = { sessionTimeoutMs: 1_000, rebalanceTimeoutMs: 60_000, protocols: ['RoundRobinAssigner'] };
  const member = await joinAnew(silent, groupId, limits);
  t.is((await sync(silent, groupId, member)).code, 0);
  const { read } = await consume(t, cluster, groupId, 'flights');
  const producer = await connectProducer(t, cluster);
  await producer.send({ topic: 'flights', messages: numbered(0, 10) });
  await until(() => read.length === 10, { deadlineMs, what: 'all records at the member that is left' });
  t.is(await heartbeat(silent, groupId, member), 25);
});

test('kafkajs continues through moves of leaders and coordinators', async (t) => {
  const cluster = await startEmbedded(t, { brokers: 3, topics: { flights: 1 } });
  const groupId = uniqueName('group');
  const producer = await connectProducer(t, cluster, true);
  const { read } = await consume(t, cluster, groupId, 'flights');
  await producer.send({ topic: 'flights', messages: numbered(0, 10) });
  await until(() => read.length === 10, { deadlineMs, what: 'the first records' });
  cluster.moveLeader('flights', 0, (cluster.leaderOf('flights', 0) % 3) + 1);
  cluster.moveCoordinator(groupId, (cluster.coordinatorOf(groupId) % 3) + 1);
  await producer.send({ topic: 'flights', messages: numbered(10, 20) });
  await until(() => new Set(values(read)).size === 20, { deadlineMs, what: 'the records after the moves' });
  t.is(cluster.endOffset('flights', 0), 20);
});
