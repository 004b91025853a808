import test, { type ExecutionContext } from 'ava';
import type { EmbeddedCluster } from '../../source/embedded/index.ts';
import { kafkajsOn, startEmbedded, uniqueName } from '../_helpers/servers/embedded.ts';
import { kcat } from '../_helpers/servers/kafka-tools.ts';
import { testWith } from '../_helpers/servers/services.ts';
import { until } from '../_helpers/until.ts';

async function transactional(t: ExecutionContext, cluster: EmbeddedCluster, transactionalId: string) {
  const producer = kafkajsOn(cluster).producer({ transactionalId, idempotent: true, maxInFlightRequests: 1 });
  t.teardown(() => producer.disconnect());
  await producer.connect();
  return producer;
}

/** The values that a reader of committed records, or of all, gets up to the end. */
async function read(
  t: ExecutionContext,
  cluster: EmbeddedCluster,
  topic: string,
  readUncommitted = false,
): Promise<string[]> {
  const consumer = kafkajsOn(cluster).consumer({ groupId: uniqueName('reader'), readUncommitted });
  t.teardown(() => consumer.disconnect());
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const values: string[] = [];
  await consumer.run({
    eachMessage: ({ message }) => {
      values.push(String(message.value));
      return Promise.resolve();
    },
  });
  await until(() => values.at(-1) === 'last', { deadlineMs: 20_000, what: 'the last record' });
  return values;
}

test('kafkajs commits and aborts transactions', async (t) => {
  const cluster = await startEmbedded(t, { brokers: 3, topics: { out: 1 } });
  const producer = await transactional(t, cluster, uniqueName('writer'));
  for (const [value, outcome] of [
    ['a', 'commit'],
    ['b', 'abort'],
    ['last', 'commit'],
  ] as const) {
    const transaction = await producer.transaction();
    await transaction.send({ topic: 'out', messages: [{ value }] });
    await transaction[outcome]();
  }
  t.deepEqual(await read(t, cluster, 'out'), ['a', 'last']);
  t.deepEqual(await read(t, cluster, 'out', true), ['a', 'b', 'last']);
});

test('kafkajs commits offsets in transactions', async (t) => {
  const cluster = await startEmbedded(t, { brokers: 3, topics: { in: 1, out: 1 } });
  const producer = await transactional(t, cluster, uniqueName('writer'));
  const consumerGroupId = uniqueName('group');
  const offsets = (offset: string) => ({
    consumerGroupId,
    topics: [{ topic: 'in', partitions: [{ partition: 0, offset }] }],
  });
  const first = await producer.transaction();
  await first.send({ topic: 'out', messages: [{ value: 'a' }] });
  await first.sendOffsets(offsets('3'));
  t.deepEqual(cluster.committed(consumerGroupId), []);
  await first.commit();
  const second = await producer.transaction();
  await second.sendOffsets(offsets('4'));
  await second.abort();
  t.deepEqual(
    cluster.committed(consumerGroupId).map(({ topic, offset }) => [topic, offset]),
    [['in', 3]],
  );
});

test('kafkajs is fenced by another producer with its transactional id', async (t) => {
  const cluster = await startEmbedded(t, { brokers: 3, topics: { out: 1 } });
  const transactionalId = uniqueName('writer');
  const former = await transactional(t, cluster, transactionalId);
  const open = await former.transaction();
  await open.send({ topic: 'out', messages: [{ value: 'lost' }] });
  const present = await transactional(t, cluster, transactionalId);
  const transaction = await present.transaction();
  await transaction.send({ topic: 'out', messages: [{ value: 'last' }] });
  await transaction.commit();
  await t.throwsAsync(open.send({ topic: 'out', messages: [{ value: 'late' }] }), {
    message: /epoch|fenced/i,
  });
  t.deepEqual(await read(t, cluster, 'out'), ['last']);
});

test('a transaction ends when the leader of a partition is there again', async (t) => {
  const cluster = await startEmbedded(t, {
    brokers: 3,
    topics: { out: { partitions: 1, replicationFactor: 1 } },
  });
  const transactionalId = uniqueName('writer');
  const producer = await transactional(t, cluster, transactionalId);
  const transaction = await producer.transaction();
  await transaction.send({ topic: 'out', messages: [{ value: 'last' }] });
  const leader = cluster.leaderOf('out', 0);
  await cluster.stopNode(leader);
  await transaction.commit();
  t.is(cluster.endOffset('out', 0), 1, 'no marker is written without a leader');
  await cluster.startNode(leader);
  t.is(cluster.endOffset('out', 0), 2);
  t.deepEqual(await read(t, cluster, 'out'), ['last']);
});

testWith(['kcat'], 'kcat writes in a transaction, and reads what is committed', async (t) => {
  const cluster = await startEmbedded(t, { brokers: 3, topics: { flights: 2 } });
  const lines = Array.from({ length: 500 }, (_, i) => `k${i}:value ${i}`);
  const inTransaction = ['-X', `transactional.id=${uniqueName('kcat')}`];
  await kcat(cluster.brokers, ['-P', '-t', 'flights', '-K:', ...inTransaction], lines.join('\n'));
  const batches = [0, 1].flatMap((partition) => cluster.recordBatches('flights', partition));
  t.true(batches.every((batch) => (batch.readInt16BE(21) & 0x10) !== 0));
  const committed = ['-X', 'isolation.level=read_committed'];
  const text = await kcat(cluster.brokers, [
    '-C',
    '-t',
    'flights',
    '-o',
    'beginning',
    '-e',
    '-q',
    '-K:',
    ...committed,
  ]);
  t.deepEqual(text.trim().split('\n').sort(), [...lines].sort());
});
