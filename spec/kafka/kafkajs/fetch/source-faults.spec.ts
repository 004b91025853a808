import test, { type ExecutionContext } from 'ava';
import type { Deadlines } from '../../../../source/kafka/kafkajs/connection/deadlines.ts';
import { BrokerError, ConnectionError } from '../../../../source/kernel/errors.ts';
import type { EmbeddedCluster } from '../../../../source/embedded/cluster.ts';
import { startEmbedded } from '../../../_helpers/servers/clusters.ts';
import { until } from '../../../_helpers/until.ts';
import { forgettingSockets } from '../forgetting-sockets.ts';
import {
  Collector,
  connectClient,
  newClient,
  numbers,
  openSource,
  partitionsOf,
  sendNumbers,
  SHORT_DEADLINES,
  startAt,
  UNCONCERNED,
  withoutId,
} from '../test-client.ts';

/** Reads on while a fault happens: 200 records before it, 200 after. */
async function readThrough(
  t: ExecutionContext,
  fault: (cluster: EmbeddedCluster, topic: string) => Promise<unknown>,
  deadlines: Partial<Deadlines> = {},
): Promise<Collector> {
  const cluster = await startEmbedded(t, { topics: { orders: 6 } });
  const writer = await connectClient(t, cluster.brokers, { deadlines });
  const reader = await connectClient(t, cluster.brokers, { deadlines });
  await sendNumbers(writer, 'orders', 6, 200);
  const collector = new Collector();
  const source = openSource(t, reader);
  collector.read(source, startAt(partitionsOf('orders', 6)));
  await collector.untilCount(200);
  await fault(cluster, 'orders');
  await sendNumbers(writer, 'orders', 6, 200, { from: 200 });
  await collector.untilCount(400);
  t.deepEqual(collector.sorted(), numbers(400));
  for (const { partition } of partitionsOf('orders', 6)) {
    const count = collector.offsets('orders', partition).length;
    t.deepEqual(collector.offsets('orders', partition), numbers(count));
  }
  return collector;
}

test('leaders that move while reading are followed without a gap or a repeat', async (t) => {
  await readThrough(t, async (cluster, topic) => {
    for (let partition = 0; partition < 6; partition++)
      cluster.moveLeader(topic, partition, (cluster.leaderOf(topic, partition) % 3) + 1);
    await Promise.resolve();
  });
});

test('a broker that stops while reading is left, and its partitions are read at their new leaders', async (t) => {
  await readThrough(t, (cluster) => cluster.stopNode(2));
});

test('a broker that freezes while reading is left when the deadline is missed', async (t) => {
  const freeze = async (cluster: EmbeddedCluster, topic: string) => {
    cluster.faults.freeze(3);
    for (let partition = 0; partition < 6; partition++)
      if (cluster.leaderOf(topic, partition) === 3) cluster.moveLeader(topic, partition, 1);
    await Promise.resolve();
  };
  await readThrough(t, freeze, SHORT_DEADLINES);
});

for (const when of ['before', 'after', 'mid-response'] as const) {
  test(`a fetch connection cut ${when} the answer is opened again, without a gap or a repeat`, async (t) => {
    await readThrough(t, async (cluster) => {
      const fault = cluster.faults.drop({ api: 'Fetch', when, times: 3 });
      await fault.done;
    });
  });
}

for (const code of [2, 3, 5, 6, 9, 56, 74, 75, 78]) {
  test(`error ${code} of a fetch is retried`, async (t) => {
    await readThrough(t, async (cluster) => {
      const fault = cluster.faults.fail({ api: 'Fetch', code, times: 4 });
      await fault.done;
    });
  });
}

for (const code of [5, 6, -1]) {
  test(`error ${code} of one partition does not hold up the others`, async (t) => {
    const cluster = await startEmbedded(t, { brokers: 1, topics: { orders: 2 } });
    const client = await connectClient(t, cluster.brokers);
    const fault = cluster.faults.fail({ api: 'Fetch', code, topic: 'orders', partition: 0, times: Infinity });
    await sendNumbers(client, 'orders', 2, 100);
    const collector = new Collector();
    collector.read(openSource(t, client), startAt(partitionsOf('orders', 2)));
    await collector.untilCount(50);
    t.deepEqual(collector.values('orders', 0), []);
    fault.cancel();
    await collector.untilCount(100);
    t.deepEqual(collector.sorted(), numbers(100));
  });
}

test('a false alarm about the range is checked at the leader and read over', async (t) => {
  const collector = await readThrough(t, async (cluster) => {
    const fault = cluster.faults.fail({ api: 'Fetch', code: 1, times: 3 });
    await fault.done;
  });
  t.deepEqual(collector.outOfRange, []);
});

test('a false alarm at the first offset of a log is read over as well', async (t) => {
  const cluster = await startEmbedded(t, { brokers: 1, topics: { orders: 1 } });
  const client = await connectClient(t, cluster.brokers);
  await sendNumbers(client, 'orders', 1, 20);
  cluster.deleteRecords('orders', 0, 10);
  const fault = cluster.faults.fail({ api: 'Fetch', code: 1 });
  const collector = new Collector();
  collector.read(openSource(t, client), startAt(partitionsOf('orders', 1), 10));
  await collector.untilCount(10);
  t.is(fault.hits, 1);
  t.deepEqual(collector.outOfRange, []);
  t.deepEqual(collector.offsets('orders', 0), numbers(10, 10));
});

test('a seek past an epoch is no truncation for the next leader, though no record was read since', async (t) => {
  const cluster = await startEmbedded(t, { topics: { orders: 1 } });
  const client = await connectClient(t, cluster.brokers);
  const at = { topic: 'orders', partition: 0 };
  const moveLeader = () => {
    cluster.moveLeader('orders', 0, (cluster.leaderOf('orders', 0) % 3) + 1);
  };
  await sendNumbers(client, 'orders', 1, 10);
  const collector = new Collector();
  const source = openSource(t, client);
  collector.read(source, startAt([at]));
  await collector.untilCount(10);
  source.pause(at);
  moveLeader();
  await sendNumbers(client, 'orders', 1, 10, { from: 10 });
  const epoch = source.seek(at, 20);
  source.resume(at);
  await until(() => collector.chunks.some((chunk) => chunk.epoch === epoch), {
    deadlineMs: 20_000,
    what: 'an answer at the new offset',
  });
  moveLeader();
  await sendNumbers(client, 'orders', 1, 5, { from: 20 });
  await collector.untilCount(15);
  t.deepEqual(collector.outOfRange, []);
  t.deepEqual(collector.offsets('orders', 0), [...numbers(10), ...numbers(5, 20)]);
});

test('records that were deleted before they were read are out of range, and both ends are reported', async (t) => {
  const cluster = await startEmbedded(t, { topics: { orders: 1 } });
  const client = await connectClient(t, cluster.brokers);
  await sendNumbers(client, 'orders', 1, 100);
  cluster.deleteRecords('orders', 0, 60);
  const collector = new Collector();
  collector.read(openSource(t, client), startAt(partitionsOf('orders', 1), 10));
  await collector.untilCount(40);
  t.deepEqual(collector.outOfRange.map(withoutId), [
    { topic: 'orders', partition: 0, offset: 10, earliest: 60, latest: 100 },
  ]);
  t.deepEqual(collector.offsets('orders', 0), numbers(40, 60));
});

test('an error that no retry can fix ends the partition immediately, and only that one', async (t) => {
  const cluster = await startEmbedded(t, { brokers: 1, topics: { orders: 2 } });
  const client = await connectClient(t, cluster.brokers);
  await sendNumbers(client, 'orders', 2, 100);
  const refused = { topic: 'orders', partition: 1, times: Infinity } as const;
  const fault = cluster.faults.fail({ api: 'Fetch', code: 29, ...refused });
  const collector = new Collector();
  collector.read(openSource(t, client), startAt(partitionsOf('orders', 2)));
  await until(() => collector.errors.length > 0 && collector.count === 50, {
    deadlineMs: 20_000,
    what: 'the error and the other partition',
  });
  t.is(fault.hits, 1, 'it is not tried again');
  const [failure] = collector.errors;
  t.is(collector.errors.length, 1);
  t.like(failure, { topic: 'orders', partition: 1 });
  t.true(failure?.error instanceof BrokerError && failure.error.brokerCode === 29);
  t.regex(failure?.error.message ?? '', /orders\/1.*TOPIC_AUTHORIZATION_FAILED.*access control/);
});

test('a fetch answer that leaves a partition out is a failure of it: it is read when it is named again', async (t) => {
  const cluster = await startEmbedded(t, { brokers: 1, topics: { orders: 2 } });
  const { socketFactory, state } = forgettingSockets('Fetch', 1, 3);
  const client = newClient(t, { brokers: cluster.brokers, socketFactory });
  const errors: string[] = [];
  client.observe?.({ ...UNCONCERNED, onError: (_api, { message }) => errors.push(message) });
  await client.connect();
  await sendNumbers(client, 'orders', 2, 100);
  const collector = new Collector();
  collector.read(openSource(t, client), startAt(partitionsOf('orders', 2)));
  await collector.untilCount(100);
  t.deepEqual(collector.sorted(), numbers(100));
  t.is(state.forgotten, 3);
  t.true(errors.length > 0);
  for (const message of errors)
    t.regex(
      message,
      /^Fetch of orders\/1 at offset 0 from broker 1: the answer does not name this partition$/,
    );
});

test('a partition that fetch answers leave out for longer than retryTimeoutMs is reported, and only that one', async (t) => {
  const cluster = await startEmbedded(t, { brokers: 1, topics: { orders: 2 } });
  const { socketFactory } = forgettingSockets('Fetch', 1, Infinity);
  const client = await connectClient(t, { brokers: cluster.brokers, socketFactory });
  await sendNumbers(client, 'orders', 2, 100);
  const collector = new Collector();
  collector.read(openSource(t, client, { retryTimeoutMs: 400 }), startAt(partitionsOf('orders', 2)));
  await until(() => collector.errors.length > 0, { deadlineMs: 20_000, what: 'the error' });
  await until(() => collector.count === 50, { deadlineMs: 20_000, what: 'the other partition' });
  const [failure, ...others] = collector.errors;
  t.deepEqual(others, []);
  t.like(failure, { topic: 'orders', partition: 1 });
  t.true(failure?.error instanceof BrokerError && failure.error.retriable);
  t.regex(failure?.error.message ?? '', /orders\/1 failed for 400 ms.*does not name this partition/);
});

test('a partition that fails for longer than retryTimeoutMs is reported with what was tried', async (t) => {
  const cluster = await startEmbedded(t, { brokers: 1, topics: { orders: 1 } });
  const client = await connectClient(t, cluster.brokers);
  cluster.faults.fail({ api: 'Fetch', code: 6, times: Infinity });
  const collector = new Collector();
  collector.read(openSource(t, client, { retryTimeoutMs: 400 }), startAt(partitionsOf('orders', 1)));
  await until(() => collector.errors.length > 0, { deadlineMs: 20_000, what: 'the error' });
  const error = collector.errors[0]?.error;
  t.true(error instanceof BrokerError && error.brokerCode === 6 && error.retriable);
  t.regex(error?.message ?? '', /orders\/0.*400 ms.*NOT_LEADER_OR_FOLLOWER/);
});

test('when all brokers are gone for longer than retryTimeoutMs, the source says that it cannot connect', async (t) => {
  const cluster = await startEmbedded(t, { brokers: 1, topics: { orders: 2 } });
  const client = await connectClient(t, cluster.brokers);
  const collector = new Collector();
  collector.read(openSource(t, client, { retryTimeoutMs: 500 }), startAt(partitionsOf('orders', 2)));
  await until(() => collector.chunks.length > 0, { deadlineMs: 20_000, what: 'a first answer' });
  await cluster.stopNode(1);
  await until(() => collector.errors.length === 2, {
    deadlineMs: 10_000,
    what: 'the errors of both partitions',
  });
  t.deepEqual(collector.errors.map(({ partition }) => partition).sort(), [0, 1]);
  t.true(collector.errors[0]?.error instanceof ConnectionError);
  t.regex(collector.errors[0]?.error.message ?? '', /orders\/[01]/);
});

test('a broker that comes back is used again', async (t) => {
  await readThrough(t, async (cluster) => {
    for (const node of [1, 2, 3]) await cluster.stopNode(node);
    for (const node of [1, 2, 3]) await cluster.startNode(node);
  });
});

test('what was asked for before a seek is not delivered after it', async (t) => {
  const cluster = await startEmbedded(t, { brokers: 1, topics: { orders: 1 } });
  const client = await connectClient(t, cluster.brokers);
  await sendNumbers(client, 'orders', 1, 100);
  const delay = cluster.faults.delay({ api: 'Fetch', ms: 300 });
  const collector = new Collector();
  const source = openSource(t, client);
  collector.read(source, startAt(partitionsOf('orders', 1)));
  await delay.done;
  t.is(source.seek({ topic: 'orders', partition: 0 }, 90), 2);
  await collector.untilCount(10);
  t.deepEqual(collector.offsets('orders', 0), numbers(10, 90));
  t.true(collector.chunks.every(({ epoch }) => epoch === 2));
});

test('a damaged record batch is reported as such and ends its partition', async (t) => {
  const cluster = await startEmbedded(t, { brokers: 1, topics: { orders: 1 } });
  const client = await connectClient(t, cluster.brokers);
  await sendNumbers(client, 'orders', 1, 10);
  const [batch] = cluster.recordBatches('orders', 0);
  if (batch === undefined) throw new Error('a batch was sent');
  batch.writeUInt8(batch.readUInt8(batch.length - 1) ^ 0xff, batch.length - 1);
  cluster.appendRaw('orders', 0, batch);
  const collector = new Collector();
  collector.read(openSource(t, client), startAt(partitionsOf('orders', 1)));
  await until(() => collector.errors.length > 0, { deadlineMs: 20_000, what: 'the error' });
  t.is(collector.errors[0]?.error.code, 'RECORD');
  t.regex(collector.errors[0]?.error.message ?? '', /orders/);
});
