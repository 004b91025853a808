import { setTimeout } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import type { KafkaClient } from '../../../../source/kafka/client.ts';
import { rawBatch } from '../../../_helpers/raw/raw-batch.ts';
import { sourceContract, type SourceSubject } from '../../../_helpers/contract/source-contract.ts';
import { startEmbedded } from '../../../_helpers/servers/clusters.ts';
import { until } from '../../../_helpers/until.ts';
import {
  Collector,
  CountingBudget,
  connectClient,
  FIRST_TIMESTAMP,
  newClient,
  numbers,
  openSource,
  partitionsOf,
  sendNumbers,
  startAt,
  UNCONCERNED,
} from '../test-client.ts';

const FIRST = { topic: 'orders', partition: 0 };

/** Of a new client that counts the answers that it has taken, by the name of their API. */
async function countingClient(
  t: ExecutionContext,
  brokers: readonly string[],
): Promise<{ readonly client: KafkaClient; readonly untilAnswered: (api: string) => Promise<void> }> {
  const client = newClient(t, brokers);
  const answers = new Map<string, number>();
  const count = (api: string) => answers.get(api) ?? 0;
  client.observe?.({ ...UNCONCERNED, onAnswer: (api) => answers.set(api, count(api) + 1) });
  await client.connect();
  return {
    client,
    async untilAnswered(api) {
      const before = count(api);
      await until(() => count(api) > before, { deadlineMs: 20_000, what: `an answer to ${api}` });
    },
  };
}

async function embeddedSubject(t: ExecutionContext): Promise<SourceSubject> {
  const cluster = await startEmbedded(t, { brokers: 1, topics: { orders: 2 } });
  const { client, untilAnswered } = await countingClient(t, cluster.brokers);
  const sink = client.sink({ idempotent: true, compression: 'none', retryTimeoutMs: 10_000 });
  t.teardown(() => sink.close());
  const ends = [0, 0];
  return {
    client,
    append: async (partition, count) => {
      const accumulator = sink.accumulator();
      const from = ends[partition] ?? 0;
      ends[partition] = from + count;
      for (let offset = from; offset < from + count; offset++)
        accumulator.append(
          'orders',
          partition,
          accumulator.measure({
            key: null,
            value: Buffer.from(String(offset)),
            headers: [],
            timestamp: FIRST_TIMESTAMP,
          }),
        );
      await accumulator.flush();
    },
    holdFetch: () => {
      const fault = cluster.faults.delay({ api: 'Fetch', ms: 250 });
      const answered = untilAnswered('Fetch');
      return { inFlight: () => fault.done, answer: () => answered };
    },
    async settled() {
      // One that names all partitions, the first of its session, and one that was in flight.
      for (let fetch = 0; fetch < 3; fetch++) await untilAnswered('Fetch');
    },
  };
}

for (const { title, run } of sourceContract) test(title, async (t) => run(t, await embeddedSubject(t)));

for (const when of ['before', 'after', 'mid-response'] as const) {
  test(`a fetch whose connection is cut ${when} gives its reservation of memory back`, async (t) => {
    const cluster = await startEmbedded(t, { brokers: 1, topics: { orders: 1 } });
    const client = await connectClient(t, cluster.brokers);
    await sendNumbers(client, 'orders', 1, 20);
    const fault = cluster.faults.drop({ api: 'Fetch', when, times: 3 });
    const budget = new CountingBudget();
    const source = openSource(t, client, { budget, fetchMaxWaitMs: 50 });
    const collector = new Collector();
    collector.read(source, startAt([FIRST]));
    await fault.done;
    await collector.untilCount(20);
    await source.close();
    t.is(budget.reserved, 0);
  });
}

test('all partitions that are added in one turn are named by the first request', async (t) => {
  const cluster = await startEmbedded(t, { brokers: 1, topics: { orders: 5 } });
  const client = await connectClient(t, cluster.brokers);
  const named: number[] = [];
  cluster.faults.delay({
    api: 'Fetch',
    ms: 1,
    times: Infinity,
    matching: ({ topics }) => {
      named.push((topics ?? []).flatMap(({ partitions }) => partitions).length);
      return false;
    },
  });
  const collector = new Collector();
  collector.read(openSource(t, client), startAt(partitionsOf('orders', 5)));
  await until(() => named.length > 0, { deadlineMs: 20_000, what: 'a first request' });
  t.is(named[0], 5);
});

test('a partition that is removed while it waits for its next try is not read again, unless it is added', async (t) => {
  const cluster = await startEmbedded(t, { brokers: 1, topics: { orders: 2 } });
  const client = await connectClient(t, cluster.brokers);
  await sendNumbers(client, 'orders', 2, 20);
  const fault = cluster.faults.fail({ api: 'Fetch', code: 6, partition: 0, times: Infinity });
  const former = new Collector();
  const source = openSource(t, client);
  former.read(source, startAt(partitionsOf('orders', 2)));
  await until(() => fault.hits >= 2, { deadlineMs: 20_000, what: 'two failures' });
  source.remove(FIRST);
  fault.cancel();
  const later = new Collector();
  later.read(source, startAt([FIRST], 4));
  await later.untilCount(6);
  // Long enough for the next try of the one that was removed.
  await setTimeout(300);
  await sendNumbers(client, 'orders', 2, 4, { from: 20 });
  await later.untilCount(8);
  t.deepEqual(later.offsets('orders', 0), numbers(8, 4));
  t.deepEqual(former.offsets('orders', 0), []);
  t.deepEqual(former.errors, []);
});

test('a partition that is removed while its range is checked is not asked where to continue', async (t) => {
  const cluster = await startEmbedded(t, { brokers: 1, topics: { orders: 1 } });
  const { client, untilAnswered } = await countingClient(t, cluster.brokers);
  await sendNumbers(client, 'orders', 1, 20);
  cluster.deleteRecords('orders', 0, 10);
  const check = cluster.faults.delay({ api: 'ListOffsets', ms: 300 });
  const checked = untilAnswered('ListOffsets');
  const former = new Collector();
  const source = openSource(t, client);
  former.read(source, startAt([FIRST], 5));
  await check.done;
  source.remove(FIRST);
  const later = new Collector();
  later.read(source, startAt([FIRST], 15));
  await later.untilCount(5);
  await checked;
  await sendNumbers(client, 'orders', 1, 1, { from: 20 });
  await later.untilCount(6);
  t.deepEqual(later.offsets('orders', 0), numbers(6, 15));
  t.deepEqual(former.outOfRange, []);
  t.deepEqual(former.chunks, []);
  t.deepEqual(later.outOfRange, []);
});

for (const [what, code] of [
  ['', 0],
  [', also where the check is refused', 29],
] as const) {
  test(`a seek while the range is checked counts, and not what was out of range before it${what}`, async (t) => {
    const cluster = await startEmbedded(t, { brokers: 1, topics: { orders: 1 } });
    const { client, untilAnswered } = await countingClient(t, cluster.brokers);
    await sendNumbers(client, 'orders', 1, 20);
    cluster.deleteRecords('orders', 0, 10);
    const check = cluster.faults.delay({ api: 'ListOffsets', ms: 300 });
    if (code !== 0) cluster.faults.fail({ api: 'ListOffsets', code });
    const checked = untilAnswered('ListOffsets');
    const collector = new Collector();
    const source = openSource(t, client);
    collector.read(source, startAt([FIRST], 5));
    await check.done;
    source.seek(FIRST, 15);
    await checked;
    await collector.untilCount(5);
    t.deepEqual(collector.offsets('orders', 0), numbers(5, 15));
    t.deepEqual(collector.outOfRange, []);
    t.deepEqual(collector.errors, []);
  });
}

test('a partition that is removed while a new leader is checked for truncation hears nothing of it', async (t) => {
  const cluster = await startEmbedded(t, { topics: { orders: 1 } });
  const { client, untilAnswered } = await countingClient(t, cluster.brokers);
  await sendNumbers(client, 'orders', 1, 5);
  cluster.appendRaw('orders', 0, rawBatch({ count: 3, baseOffset: 5, leaderEpoch: 41 }), {
    keepOffset: true,
  });
  const former = new Collector();
  const source = openSource(t, client);
  former.read(source, startAt([FIRST]));
  await former.untilCount(8);
  const check = cluster.faults.delay({ api: 'OffsetForLeaderEpoch', ms: 300 });
  const checked = untilAnswered('OffsetForLeaderEpoch');
  cluster.moveLeader('orders', 0, (cluster.leaderOf('orders', 0) % 3) + 1);
  await check.done;
  source.remove(FIRST);
  const later = new Collector();
  later.read(source, startAt([FIRST], 8));
  await checked;
  await sendNumbers(client, 'orders', 1, 2, { from: 100 });
  await later.untilCount(2);
  t.deepEqual(later.offsets('orders', 0), [8, 9]);
  t.deepEqual(former.outOfRange, []);
  t.is(former.count, 8);
});

test('an error that several partitions have in common is reported to each reader, as the same object', async (t) => {
  const cluster = await startEmbedded(t, { brokers: 1, topics: { orders: 3 } });
  const client = await connectClient(t, cluster.brokers);
  const collector = new Collector();
  const source = openSource(t, client, { retryTimeoutMs: 300 });
  collector.read(source, startAt(partitionsOf('orders', 3)));
  await until(() => collector.chunks.length > 0, { deadlineMs: 20_000, what: 'a first answer' });
  source.remove({ topic: 'orders', partition: 2 });
  await cluster.stopNode(1);
  await until(() => collector.errors.length > 0, { deadlineMs: 10_000, what: 'the error' });
  const [first, second, ...more] = collector.errors;
  t.deepEqual([first?.partition, second?.partition].sort(), [0, 1]);
  t.is(first?.error, second?.error);
  t.deepEqual(more, []);
});
