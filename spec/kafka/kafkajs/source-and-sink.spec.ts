import { testOnEach } from '../../_helpers/servers/clusters.ts';
import { randomName } from '../../_helpers/servers/services.ts';
import { until } from '../../_helpers/until.ts';
import {
  appendNumbers,
  Collector,
  connectClient,
  CountingBudget,
  numbers,
  openSource,
  partitionsOf,
  readAll,
  sendNumbers,
  startAt,
  withoutId,
  FIRST_TIMESTAMP,
} from './test-client.ts';

testOnEach('what is sent over all nodes is read in order, each record once', async (t, cluster) => {
  const topic = randomName('all');
  await cluster.createTopic(topic, 5);
  const client = await connectClient(t, cluster.brokers);
  await sendNumbers(client, topic, 5, 10_000);
  const collector = await readAll(t, client, topic, 5, 10_000);
  t.deepEqual(collector.sorted(), numbers(10_000));
  for (const { partition } of partitionsOf(topic, 5)) {
    t.deepEqual(collector.offsets(topic, partition), numbers(2_000));
    t.deepEqual(
      collector.values(topic, partition),
      numbers(2_000).map((i) => i * 5 + partition),
    );
  }
});

testOnEach('keys, headers, tombstones and timestamps come back as they were sent', async (t, cluster) => {
  const topic = randomName('fields');
  await cluster.createTopic(topic, 1);
  const client = await connectClient(t, cluster.brokers);
  const sink = client.sink({ idempotent: true, compression: 'none', retryTimeoutMs: 10_000 });
  t.is(await sink.loadTopic(topic), 1);
  t.is(sink.partitionCount(topic), 1);
  const accumulator = sink.accumulator();
  accumulator.append(
    topic,
    0,
    accumulator.measure({
      key: Buffer.from('k'),
      value: null,
      headers: ['trace', '1', 'trace', null],
      timestamp: FIRST_TIMESTAMP + 123,
    }),
  );
  accumulator.append(
    topic,
    0,
    accumulator.measure({
      key: null,
      value: Buffer.alloc(0),
      headers: [],
      timestamp: FIRST_TIMESTAMP,
    }),
  );
  t.is(accumulator.count, 2);
  await accumulator.flush();
  t.is(accumulator.count, 0);
  t.is(accumulator.bytes, 0);
  const collector = await readAll(t, client, topic, 1, 2);
  const [first, second] = collector.chunks.flatMap(({ messages }) => messages.slice());
  if (first === undefined || second === undefined) throw new Error('two records were sent');
  t.is(first.keyText, 'k');
  t.is(first.value, null);
  t.is(first.timestamp, FIRST_TIMESTAMP + 123);
  t.deepEqual(first.headers.getAll('trace').map(String), ['1', 'null']);
  t.is(second.key, null);
  t.is(second.value?.length, 0);
  t.is(second.timestamp, FIRST_TIMESTAMP);
});

testOnEach('a flush larger than a batch is cut, and its order is kept', async (t, cluster) => {
  const topic = randomName('large');
  await cluster.createTopic(topic, 1);
  const client = await connectClient(t, cluster.brokers);
  const sink = client.sink({ idempotent: true, compression: 'none', retryTimeoutMs: 10_000 });
  const accumulator = sink.accumulator();
  const filler = 'x'.repeat(9_000);
  for (let i = 0; i < 400; i++)
    accumulator.append(
      topic,
      0,
      accumulator.measure({
        key: Buffer.from(filler),
        value: Buffer.from(String(i)),
        headers: [],
        timestamp: FIRST_TIMESTAMP,
      }),
    );
  t.true(accumulator.bytes > 3_600_000);
  await accumulator.flush();
  const collector = await readAll(t, client, topic, 1, 400);
  t.deepEqual(collector.values(topic, 0), numbers(400));
});

testOnEach('a topic that takes small batches only gets halved ones, without a loss', async (t, cluster) => {
  const topic = randomName('small');
  await cluster.createTopic(topic, 1, { 'max.message.bytes': '20000' });
  const client = await connectClient(t, cluster.brokers);
  await sendNumbers(client, topic, 1, 10_000);
  await sendNumbers(client, topic, 1, 10_000, { from: 10_000 });
  const collector = await readAll(t, client, topic, 1, 20_000);
  t.deepEqual(collector.values(topic, 0), numbers(20_000));
});

testOnEach('a paused partition is left out until it is resumed, without a gap', async (t, cluster) => {
  const topic = randomName('pause');
  await cluster.createTopic(topic, 2);
  const client = await connectClient(t, cluster.brokers);
  await sendNumbers(client, topic, 2, 100);
  const collector = new Collector();
  const source = openSource(t, client);
  collector.read(source, startAt(partitionsOf(topic, 2)));
  source.pause({ topic, partition: 0 });
  await until(() => collector.values(topic, 1).length === 50, { deadlineMs: 10_000, what: 'partition 1' });
  await sendNumbers(client, topic, 2, 100, { from: 100 });
  await until(() => collector.values(topic, 1).length === 100, { deadlineMs: 10_000, what: 'partition 1' });
  t.deepEqual(collector.values(topic, 0), []);
  source.resume({ topic, partition: 0 });
  await collector.untilCount(200);
  t.deepEqual(collector.offsets(topic, 0), numbers(100));
});

testOnEach('a seek continues from the other offset, under the next epoch', async (t, cluster) => {
  const topic = randomName('seek');
  await cluster.createTopic(topic, 1);
  const client = await connectClient(t, cluster.brokers);
  await sendNumbers(client, topic, 1, 100);
  const collector = new Collector();
  const source = openSource(t, client);
  collector.read(source, startAt(partitionsOf(topic, 1)));
  await collector.untilCount(100);
  t.is(source.seek({ topic, partition: 0 }, 40), 2);
  await collector.untilCount(160);
  t.deepEqual(collector.offsets(topic, 0), [...numbers(100), ...numbers(60, 40)]);
  t.true(
    collector.chunks.every(
      ({ epoch, messages }) => messages.length === 0 || epoch === (messages.at(0)?.offset === 0 ? 1 : 2),
    ),
  );
});

testOnEach(
  'an offset out of range is reported with both ends of the log, and reading continues where the reader says',
  async (t, cluster) => {
    const topic = randomName('range');
    await cluster.createTopic(topic, 1);
    const client = await connectClient(t, cluster.brokers);
    await sendNumbers(client, topic, 1, 10);
    const collector = new Collector();
    collector.onOutOfRangeHook = () => 7;
    const source = openSource(t, client);
    collector.read(source, startAt(partitionsOf(topic, 1), 1_000));
    await collector.untilCount(3);
    t.deepEqual(collector.outOfRange.map(withoutId), [
      { topic, partition: 0, offset: 1_000, earliest: 0, latest: 10 },
    ]);
    t.deepEqual(collector.values(topic, 0), [7, 8, 9]);
  },
);

testOnEach(
  'what a reader throws for an offset out of range is reported to it as its failure',
  async (t, cluster) => {
    const topic = randomName('range-fail');
    await cluster.createTopic(topic, 1);
    const client = await connectClient(t, cluster.brokers);
    const collector = new Collector();
    const refusal = new Error('no');
    collector.onOutOfRangeHook = () => {
      throw refusal;
    };
    const source = openSource(t, client);
    collector.read(source, startAt(partitionsOf(topic, 1), 5));
    await until(() => collector.errors.length === 1, { deadlineMs: 10_000, what: 'the error' });
    t.is(collector.errors[0]?.error.cause, refusal);
    t.like(collector.errors[0], { topic, partition: 0 });
  },
);

testOnEach('reading stays within the budget and continues when there is room again', async (t, cluster) => {
  const topic = randomName('budget');
  await cluster.createTopic(topic, 3);
  const client = await connectClient(t, cluster.brokers);
  const sink = client.sink({ idempotent: true, compression: 'none', retryTimeoutMs: 10_000 });
  const accumulator = sink.accumulator();
  // Batches of 30 kB, so that the limits bite between them.
  for (let round = 0; round < 30; round++) {
    for (let i = 0; i < 90; i++)
      accumulator.append(
        topic,
        i % 3,
        accumulator.measure({
          key: Buffer.alloc(1_000),
          value: Buffer.from(String(round * 90 + i)),
          headers: [],
          timestamp: FIRST_TIMESTAMP,
        }),
      );
    await accumulator.flush();
  }
  const budget = new CountingBudget(200_000);
  const collector = new Collector();
  let held = 0;
  collector.onChunkHook = ({ bytes }) => {
    budget.charge(bytes);
    held += bytes;
  };
  const source = openSource(t, client, { budget });
  collector.read(source, startAt(partitionsOf(topic, 3)));
  let most = 0;
  while (collector.count < 2_700) {
    await until(() => held >= 100_000 || collector.count === 2_700, {
      deadlineMs: 10_000,
      what: 'a full budget',
    });
    most = Math.max(most, held);
    budget.refund(held);
    held = 0;
  }
  t.deepEqual(collector.sorted(), numbers(2_700));
  // One response per broker may go over: its first batch comes whole.
  t.true(most <= 200_000 + 3 * 40_000, `held ${most} bytes`);
  await source.close();
  t.is(budget.reserved, 0);
});

testOnEach('a closed source delivers nothing more and does not wait for a long poll', async (t, cluster) => {
  const topic = randomName('close');
  await cluster.createTopic(topic, 1);
  const client = await connectClient(t, cluster.brokers);
  const collector = new Collector();
  const source = openSource(t, client, { fetchMaxWaitMs: 20_000 });
  collector.read(source, startAt(partitionsOf(topic, 1)));
  await sendNumbers(client, topic, 1, 1);
  await collector.untilCount(1);
  const before = performance.now();
  await source.close();
  t.true(performance.now() - before < 10_000);
  const chunks = collector.chunks.length;
  await sendNumbers(client, topic, 1, 1);
  t.is(collector.chunks.length, chunks);
});

testOnEach('two flushes of one accumulator at the same time send each record once', async (t, cluster) => {
  const topic = randomName('twice');
  await cluster.createTopic(topic, 2);
  const client = await connectClient(t, cluster.brokers);
  const sink = client.sink({ idempotent: true, compression: 'none', retryTimeoutMs: 10_000 });
  const accumulator = sink.accumulator();
  appendNumbers(accumulator, topic, 2, 100);
  const first = accumulator.flush();
  appendNumbers(accumulator, topic, 2, 100, 100);
  await Promise.all([first, accumulator.flush()]);
  t.is(accumulator.count, 0);
  const collector = await readAll(t, client, topic, 2, 200);
  t.deepEqual(collector.sorted(), numbers(200));
});
