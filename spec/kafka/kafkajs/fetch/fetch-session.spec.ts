import { setTimeout } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import type { EmbeddedCluster } from '../../../../source/embedded/cluster.ts';
import type { RequestSummary } from '../../../../source/embedded/request-summary.ts';
import { FetchSession } from '../../../../source/kafka/kafkajs/fetch/fetch-session.ts';
import type { AskedPartition } from '../../../../source/kafka/kafkajs/fetch/fetch-position.ts';
import type { FetchAnswer, FetchedPartition } from '../../../../source/kafka/kafkajs/protocol/fetch.ts';
import { startEmbedded, testOnEach } from '../../../_helpers/servers/clusters.ts';
import { Random } from '../../../_helpers/schedules/random.ts';
import { randomName, testOnReal } from '../../../_helpers/servers/services.ts';
import { send, transactionalProducer } from '../../../_helpers/raw/transactions.ts';
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

const NEWS: FetchedPartition = {
  topic: 'orders',
  partition: 0,
  errorCode: 0,
  highWatermark: 1,
  lastStableOffset: 1,
  logStartOffset: 0,
  aborted: undefined,
  recordSet: Buffer.from('x'),
};

function answer(sessionId: number, partitions: FetchedPartition[] = []): FetchAnswer {
  return { bytes: 100, errorCode: 0, sessionId, isIncremental: true, partitions };
}

const asked: readonly AskedPartition[] = [];
const ID = 4711;

function openSession(): FetchSession {
  const session = new FetchSession();
  session.next(asked, 100);
  session.answered(answer(0));
  session.next(asked, 100);
  session.answered(answer(ID));
  return session;
}

test('a session is opened once there was nothing to read, and then continues', (t) => {
  const session = new FetchSession();
  t.deepEqual(session.next(asked, 100), { sessionId: 0, sessionEpoch: -1, isIncremental: false });
  session.answered(answer(0, [NEWS]));
  t.is(session.asked, undefined);
  t.deepEqual(session.next(asked, 100), { sessionId: 0, sessionEpoch: -1, isIncremental: false });
  session.answered(answer(0));
  t.deepEqual(session.next(asked, 100), { sessionId: 0, sessionEpoch: 0, isIncremental: false });
  session.answered(answer(ID));
  t.is(session.asked, asked);
  for (const sessionEpoch of [1, 2, 3]) {
    t.deepEqual(session.next(asked, 100), { sessionId: ID, sessionEpoch, isIncremental: true });
    session.answered(answer(ID));
  }
});

test('a broker without room for sessions is asked again, naming everything', (t) => {
  const session = new FetchSession();
  session.next(asked, 100);
  for (let i = 0; i < 3; i++) {
    session.answered(answer(0));
    t.deepEqual(session.next(asked, 100), { sessionId: 0, sessionEpoch: 0, isIncremental: false });
  }
});

test('any change closes the session with a request that names everything', (t) => {
  const other = openSession();
  t.deepEqual(
    other.next([], 100),
    { sessionId: ID, sessionEpoch: 0, isIncremental: false },
    'other positions',
  );
  const limit = openSession();
  t.deepEqual(
    limit.next(asked, 99),
    { sessionId: ID, sessionEpoch: 0, isIncremental: false },
    'another limit',
  );
  const busy = openSession();
  busy.next(asked, 100);
  busy.answered(answer(ID, [NEWS]));
  t.deepEqual(busy.next([], 100), { sessionId: ID, sessionEpoch: -1, isIncremental: false }, 'records came');
});

test('after a request without an answer nothing is taken for known; what the broker may keep is closed', (t) => {
  const session = openSession();
  session.next(asked, 100);
  session.lost();
  t.is(session.asked, undefined);
  t.deepEqual(session.next(asked, 100), { sessionId: ID, sessionEpoch: -1, isIncremental: false });
});

for (const code of [70, 71]) {
  test(`error ${code} of an incremental request ends the session alone; of another request it is an error`, (t) => {
    const session = openSession();
    session.next(asked, 100);
    t.true(session.refused(code));
    t.deepEqual(session.next(asked, 100), { sessionId: 0, sessionEpoch: -1, isIncremental: false });
    t.false(session.refused(code));
    const other = openSession();
    other.next(asked, 100);
    t.false(other.refused(29));
  });
}

test('the epoch of a session begins again at 1 when all are used up', (t) => {
  const session = openSession();
  const step = session.next(asked, 100);
  Object.assign(step, { sessionEpoch: 0x7fffffff });
  session.answered(answer(ID));
  t.is(session.next(asked, 100).sessionEpoch, 1);
});

/** How many partitions each Fetch request names. */
function spyOnFetches(cluster: EmbeddedCluster): number[] {
  const named: number[] = [];
  const note = ({ topics }: RequestSummary): boolean => {
    named.push((topics ?? []).reduce((sum, { partitions }) => sum + partitions.length, 0));
    return false;
  };
  cluster.faults.delay({ api: 'Fetch', ms: 1, times: Infinity, matching: note });
  return named;
}

async function idleSource(t: ExecutionContext, partitions: number) {
  const cluster = await startEmbedded(t, { brokers: 1, topics: { orders: partitions } });
  const client = await connectClient(t, cluster.brokers);
  const collector = new Collector();
  const source = openSource(t, client, { fetchMaxWaitMs: 20 });
  const named = spyOnFetches(cluster);
  collector.read(source, startAt(partitionsOf('orders', partitions)));
  const untilIncremental = async () => {
    const before = named.length;
    await until(() => named.slice(before).includes(0), { deadlineMs: 20_000, what: 'an incremental fetch' });
  };
  await untilIncremental();
  return { cluster, client, collector, source, named, untilIncremental };
}

test('a source that has read everything names no partitions, until something changes', async (t) => {
  const { client, collector, source, named, untilIncremental } = await idleSource(t, 5);
  await sendNumbers(client, 'orders', 5, 100);
  await collector.untilCount(100);
  await untilIncremental();
  const before = named.length;
  source.pause({ topic: 'orders', partition: 2 });
  await until(() => named.slice(before).includes(4), { deadlineMs: 20_000, what: 'a fetch without it' });
  await untilIncremental();
  source.resume({ topic: 'orders', partition: 2 });
  await until(() => named.slice(before).includes(5), { deadlineMs: 20_000, what: 'a fetch with it again' });
  t.deepEqual([...new Set(named)].sort(), [0, 4, 5]);
  t.deepEqual(collector.sorted(), numbers(100));
});

for (const code of [70, 71]) {
  test(`a session that the broker has lost (${code}) is opened again, without an error, a gap or a repeat`, async (t) => {
    const { cluster, client, collector, named, untilIncremental } = await idleSource(t, 3);
    const chunks = collector.chunks.length;
    const fault = cluster.faults.fail({
      api: 'Fetch',
      code,
      times: 5,
      matching: ({ topics }) => topics?.length === 0,
    });
    await fault.done;
    await untilIncremental();
    t.true(named.filter((count) => count === 3).length >= 5, 'all is named again');
    t.true(collector.chunks.length > chunks, 'and reported');
    await sendNumbers(client, 'orders', 3, 60);
    await collector.untilCount(60);
    t.deepEqual(collector.sorted(), numbers(60));
    t.deepEqual(collector.errors, []);
  });
}

for (const when of ['before', 'after'] as const) {
  test(`a fetch of an idle session whose connection is cut ${when} the answer is followed by one that names everything`, async (t) => {
    const { cluster, client, collector, named } = await idleSource(t, 3);
    let next = 0;
    const fault = cluster.faults.drop({
      api: 'Fetch',
      when,
      matching: ({ topics }) => {
        next = named.length;
        return topics?.length === 0;
      },
    });
    await fault.done;
    await until(() => named.length > next, { deadlineMs: 20_000, what: 'the next fetch' });
    t.is(named[next], 3, 'it is not known what the broker has made of the one before');
    await sendNumbers(client, 'orders', 3, 60);
    await collector.untilCount(60);
    t.deepEqual(collector.sorted(), numbers(60));
  });
}

test('an error of a partition in an idle session is retried', async (t) => {
  const { cluster, client, collector, untilIncremental } = await idleSource(t, 3);
  await cluster.faults.fail({
    api: 'Fetch',
    code: 6,
    partition: 1,
    matching: ({ topics }) => topics?.length === 0,
  }).done;
  await untilIncremental();
  await sendNumbers(client, 'orders', 3, 60);
  await collector.untilCount(60);
  t.deepEqual(collector.sorted(), numbers(60));
});

test('a broker that starts again has forgotten its sessions; reading continues', async (t) => {
  const { cluster, client, collector, untilIncremental } = await idleSource(t, 3);
  await cluster.stopNode(1);
  await cluster.startNode(1);
  await untilIncremental();
  await sendNumbers(client, 'orders', 3, 60);
  await collector.untilCount(60);
  t.deepEqual(collector.sorted(), numbers(60));
});

testOnEach(
  'a seek of an idle partition to where it is already is reported by a chunk',
  async (t, cluster) => {
    const topic = randomName('idle');
    await cluster.createTopic(topic, 2);
    const client = await connectClient(t, cluster.brokers);
    await sendNumbers(client, topic, 2, 20);
    const collector = new Collector();
    const source = openSource(t, client, { fetchMaxWaitMs: 20 });
    collector.read(source, startAt(partitionsOf(topic, 2)));
    await collector.untilCount(20);
    for (let i = 0; i < 5; i++) {
      const epoch = source.seek({ topic, partition: 1 }, 10);
      const chunk = await until(() => collector.chunks.find((each) => each.epoch === epoch), {
        deadlineMs: 20_000,
        what: `a chunk of epoch ${epoch}`,
      });
      t.like(chunk, { partition: 1, nextOffset: 10, highWatermark: 10 });
    }
  },
);

testOnEach(
  'records come in order and once, however often a source falls idle between them',
  async (t, cluster) => {
    const PARTITIONS = 9;
    const topic = randomName('bursts');
    await cluster.createTopic(topic, PARTITIONS);
    const client = await connectClient(t, cluster.brokers);
    const collector = new Collector();
    const source = openSource(t, client, { fetchMaxWaitMs: 15 });
    collector.read(source, startAt(partitionsOf(topic, PARTITIONS)));
    const random = new Random(20);
    let sent = 0;
    for (let round = 0; round < 40; round++) {
      const partition = random.between(0, PARTITIONS - 1);
      const paused = { topic, partition };
      const pauses = random.fraction() < 0.3;
      if (pauses) source.pause(paused);
      const count = random.between(1, 20);
      await sendNumbers(client, topic, PARTITIONS, count, { from: sent });
      sent += count;
      if (pauses) source.resume(paused);
      await collector.untilCount(sent);
      // From no pause at all to some fetches that find nothing.
      await setTimeout(random.between(0, 60));
    }
    t.deepEqual(collector.sorted(), numbers(sent));
    for (const { partition } of partitionsOf(topic, PARTITIONS)) {
      const offsets = collector.offsets(topic, partition);
      t.deepEqual(offsets, numbers(offsets.length));
      const values = collector.values(topic, partition);
      t.deepEqual(
        values,
        [...values].sort((a, b) => a - b),
      );
    }
  },
);

testOnReal(
  'an open transaction raises the high watermark of an idle partition, and its end brings the records',
  async (t, kafka) => {
    const topic = randomName('open');
    await kafka.createTopic(topic, 3);
    const client = await connectClient(t, kafka.brokers);
    const collector = new Collector();
    const source = openSource(t, client, { fetchMaxWaitMs: 50 });
    collector.read(source, startAt(partitionsOf(topic, 3)));
    const producer = await transactionalProducer(t, kafka);
    const transaction = await producer.transaction();
    await send(transaction, topic, ['1', '2', '3']);
    const chunk = await until(() => collector.chunks.find(({ highWatermark }) => highWatermark === 3), {
      deadlineMs: 20_000,
      what: 'a chunk with the high watermark',
    });
    t.like(chunk, { partition: 0, lastStableOffset: 0, nextOffset: 0 });
    t.is(collector.count, 0);
    await transaction.commit();
    await collector.untilCount(3);
    t.deepEqual(collector.values(topic, 0), [1, 2, 3]);
  },
);
