import test from 'ava';
import { producerIdOf } from '../../../../source/kafka/records/batch-header.ts';
import { BrokerError, LifecycleError, ProduceError } from '../../../../source/kernel/errors.ts';
import { startEmbedded } from '../../../_helpers/servers/clusters.ts';
import { forgettingSockets } from '../forgetting-sockets.ts';
import {
  allOf,
  appendNumbers,
  Collector,
  connectClient,
  type LogLine,
  numbers,
  openSource,
  readAll,
  SHORT_DEADLINES,
  startAt,
} from '../test-client.ts';
import { expectExactlyOnce, isFor, openSink, storeThenRefuse } from './open-sink.ts';

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

for (const when of ['before', 'after', 'mid-response'] as const) {
  test(`a produce connection cut ${when} the answer: each record is stored exactly once`, async (t) => {
    const { cluster, accumulator, repeated } = await openSink(t);
    for (let round = 0; round < 5; round++) {
      const fault = cluster.faults.drop({ api: 'Produce', when, times: 2 });
      appendNumbers(accumulator, 'out', 6, 120, round * 120);
      await accumulator.flush();
      t.true(fault.hits > 0);
      fault.cancel();
    }
    await expectExactlyOnce(t, cluster, 600);
    t.deepEqual(repeated, [], 'the broker recognises repeats under the same producer id');
  });
}

for (const code of [2, 3, 5, 6, 7, 19, 20, 56]) {
  test(`error ${code} of a produce is retried, each record is stored exactly once`, async (t) => {
    const { cluster, accumulator } = await openSink(t);
    cluster.faults.fail({ api: 'Produce', code, times: 4 });
    appendNumbers(accumulator, 'out', 6, 120);
    await accumulator.flush();
    await expectExactlyOnce(t, cluster, 120);
  });
}

test('leaders that move while sending are followed, each record is stored exactly once', async (t) => {
  const { cluster, accumulator } = await openSink(t);
  for (let round = 0; round < 10; round++) {
    appendNumbers(accumulator, 'out', 6, 60, round * 60);
    const flushed = accumulator.flush();
    for (let partition = 0; partition < 6; partition++)
      cluster.moveLeader('out', partition, (cluster.leaderOf('out', partition) % 3) + 1);
    await flushed;
  }
  await expectExactlyOnce(t, cluster, 600);
});

test('a broker that freezes while sending is left when the deadline is missed, each record is stored exactly once', async (t) => {
  const { cluster, accumulator } = await openSink(t, { deadlines: SHORT_DEADLINES, retryTimeoutMs: 30_000 });
  cluster.faults.freeze(2);
  appendNumbers(accumulator, 'out', 6, 120);
  const flushed = accumulator.flush();
  for (let partition = 0; partition < 6; partition++)
    if (cluster.leaderOf('out', partition) === 2) cluster.moveLeader('out', partition, 3);
  await flushed;
  await expectExactlyOnce(t, cluster, 120);
});

test('a broker that stops while sending is left, each record is stored exactly once', async (t) => {
  const { cluster, accumulator } = await openSink(t);
  appendNumbers(accumulator, 'out', 6, 120);
  const flushed = accumulator.flush();
  await cluster.stopNode(1);
  await flushed;
  await expectExactlyOnce(t, cluster, 120);
});

for (const idempotent of [true, false]) {
  const how = idempotent ? 'with' : 'without';
  test(`of two batches of one partition the second is not stored when the first is refused for good, ${how} idempotence`, async (t) => {
    const { cluster, accumulator } = await openSink(t, { brokers: 1, idempotent });
    const value = Buffer.alloc(500_000, 'v');
    const append = (key: string) =>
      accumulator.append(
        'out',
        1,
        accumulator.measure({ key: Buffer.from(key), value, headers: [], timestamp: Date.now() }),
      );
    append('first');
    append('second');
    append('third');
    const fault = cluster.faults.fail({ api: 'Produce', code: 87, matching: isFor(1) });
    const error = await t.throwsAsync(accumulator.flush(), { instanceOf: ProduceError });
    t.is(fault.hits, 1);
    t.is(cluster.endOffset('out', 1), 0);
    t.deepEqual(
      error.failed.map(({ records }) => records),
      [1, 1, 1],
    );
    t.is(accumulator.count, 3);
    await accumulator.flush();
    t.is(cluster.endOffset('out', 1), 3);
    const client = await connectClient(t, cluster.brokers);
    const keys: (string | null)[] = [];
    const collector = new Collector();
    collector.onChunkHook = ({ messages }) => keys.push(...allOf(messages).map(({ keyText }) => keyText));
    collector.read(openSource(t, client), startAt([{ topic: 'out', partition: 1 }]));
    await collector.untilCount(3);
    t.deepEqual(keys, ['first', 'second', 'third']);
  });
}

for (const code of [10, 29, 87]) {
  test(`error ${code} of a produce fails the flush immediately, for that partition alone`, async (t) => {
    const { cluster, accumulator } = await openSink(t, { brokers: 1 });
    const fault = cluster.faults.fail({ api: 'Produce', code, topic: 'out', partition: 2, times: Infinity });
    appendNumbers(accumulator, 'out', 6, 6);
    const error = await t.throwsAsync(accumulator.flush(), { instanceOf: ProduceError });
    t.is(fault.hits, 1, 'it is not tried again');
    t.deepEqual(
      error.failed.map(({ topic, partition, records }) => ({ topic, partition, records })),
      [{ topic: 'out', partition: 2, records: 1 }],
    );
    t.is(error.acked.length, 5);
    t.deepEqual(error.unknown, []);
    t.true(error.cause instanceof BrokerError && error.cause.brokerCode === code);
    t.is(accumulator.count, 1);
    fault.cancel();
    await accumulator.flush();
    t.is(accumulator.count, 0);
    await expectExactlyOnce(t, cluster, 6);
  });
}

test('what fails keeps its order when it is flushed again with later records', async (t) => {
  const { cluster, accumulator } = await openSink(t, { brokers: 1 });
  const fault = cluster.faults.fail({ api: 'Produce', code: 29, times: Infinity });
  appendNumbers(accumulator, 'out', 6, 60);
  await t.throwsAsync(accumulator.flush(), { instanceOf: ProduceError });
  t.is(accumulator.count, 60);
  fault.cancel();
  appendNumbers(accumulator, 'out', 6, 60, 60);
  await accumulator.flush();
  await expectExactlyOnce(t, cluster, 120);
});

test('an answer that leaves a partition out is no ack for it: the batch is sent again, and stored once', async (t) => {
  const cluster = await startEmbedded(t, { brokers: 1, topics: { out: 6 } });
  const { socketFactory, state } = forgettingSockets('Produce', 3, 2);
  const client = await connectClient(t, { brokers: cluster.brokers, socketFactory });
  const sink = client.sink({ idempotent: true, compression: 'none', retryTimeoutMs: 10_000 });
  const accumulator = sink.accumulator();
  appendNumbers(accumulator, 'out', 6, 60);
  await accumulator.flush();
  t.is(state.forgotten, 2);
  await expectExactlyOnce(t, cluster, 60);
});

test('an answer that leaves a partition out for good makes its outcome unknown', async (t) => {
  const cluster = await startEmbedded(t, { brokers: 1, topics: { out: 6 } });
  const { socketFactory } = forgettingSockets('Produce', 3, Infinity);
  const client = await connectClient(t, { brokers: cluster.brokers, socketFactory });
  const sink = client.sink({ idempotent: true, compression: 'none', retryTimeoutMs: 300 });
  const accumulator = sink.accumulator();
  appendNumbers(accumulator, 'out', 6, 60);
  const error = await t.throwsAsync(accumulator.flush(), { instanceOf: ProduceError });
  t.deepEqual(
    error.unknown.map(({ partition, records }) => [partition, records]),
    [[3, 10]],
  );
  t.regex(error.message, /out\/3 at broker 1: the answer does not name this partition/);
  t.is(error.acked.length, 5);
  t.is(accumulator.count, 10);
});

test('without any answer for retryTimeoutMs the outcome is unknown, and the next flush uses another producer id', async (t) => {
  const lines: LogLine[] = [];
  const { cluster, accumulator, repeated } = await openSink(t, { brokers: 1, retryTimeoutMs: 300, lines });
  const fault = cluster.faults.drop({ api: 'Produce', when: 'after', times: Infinity });
  appendNumbers(accumulator, 'out', 6, 12);
  const error = await t.throwsAsync(accumulator.flush(), { instanceOf: ProduceError });
  t.is(error.unknown.length, 6);
  t.deepEqual(error.failed, []);
  t.true(error.retriable);
  t.regex(error.message, /12 may or may not be.*out\/0/);
  t.is(accumulator.count, 12);
  t.deepEqual(repeated, []);
  fault.cancel();
  await accumulator.flush();
  t.deepEqual(repeated, [12]);
  t.is(accumulator.count, 0);
  const ids = cluster.recordBatches('out', 0).map((batch) => producerIdOf(batch, 0));
  t.is(ids.length, 2);
  t.not(ids[0], ids[1]);
  t.true(lines.some(({ message, fields }) => message.includes('stored twice') && fields['records'] === 12));
});

test('after a flush that failed at retryTimeoutMs, the next one has all of that time again', async (t) => {
  const { cluster, accumulator } = await openSink(t, { brokers: 1, retryTimeoutMs: 4_000 });
  const fault = cluster.faults.fail({ api: 'Produce', code: 7, times: Infinity });
  appendNumbers(accumulator, 'out', 6, 6);
  await t.throwsAsync(accumulator.flush(), { instanceOf: ProduceError });
  fault.cancel();
  const again = cluster.faults.fail({ api: 'Produce', code: 7 });
  await accumulator.flush();
  t.is(again.hits, 1);
  await expectExactlyOnce(t, cluster, 6);
});

test('before any attempt was written a failure is certain', async (t) => {
  const { cluster, accumulator } = await openSink(t, { brokers: 1, retryTimeoutMs: 300 });
  await cluster.stopNode(1);
  appendNumbers(accumulator, 'out', 6, 6);
  const error = await t.throwsAsync(accumulator.flush(), { instanceOf: ProduceError });
  t.is(error.failed.length, 6);
  t.deepEqual(error.unknown, []);
});

for (const code of [45, 47, 59]) {
  test(`error ${code} makes the sink take another producer id and continue, with a warning`, async (t) => {
    const lines: LogLine[] = [];
    const { cluster, accumulator } = await openSink(t, { brokers: 1, lines });
    appendNumbers(accumulator, 'out', 6, 6);
    await accumulator.flush();
    cluster.faults.fail({ api: 'Produce', code, topic: 'out', partition: 1 });
    appendNumbers(accumulator, 'out', 6, 6, 6);
    await accumulator.flush();
    const ids = cluster.recordBatches('out', 1).map((batch) => producerIdOf(batch, 0));
    t.not(ids[0], ids[1]);
    t.true(
      lines.some(
        ({ level, message }) =>
          (level === 'warn' && message.includes('another producer id')) ||
          message.includes('new producer id'),
      ),
    );
    await expectExactlyOnce(t, cluster, 12);
  });
}

for (const code of [14, 15, 16, 51]) {
  test(`error ${code} of InitProducerId is retried`, async (t) => {
    const { cluster, accumulator } = await openSink(t);
    const fault = cluster.faults.fail({ api: 'InitProducerId', code, times: 3 });
    appendNumbers(accumulator, 'out', 6, 6);
    await accumulator.flush();
    t.is(fault.hits, 3);
    await expectExactlyOnce(t, cluster, 6);
  });
}

test('a user who may not take a producer id learns what to change', async (t) => {
  const { cluster, accumulator } = await openSink(t);
  cluster.faults.fail({ api: 'InitProducerId', code: 31, times: Infinity });
  appendNumbers(accumulator, 'out', 6, 6);
  const error = await t.throwsAsync(accumulator.flush(), { instanceOf: ProduceError });
  t.regex(error.message, /InitProducerId.*CLUSTER_AUTHORIZATION_FAILED.*access control/);
});

test('each partition is named once in a request', async (t) => {
  const { cluster, accumulator } = await openSink(t, { brokers: 1 });
  let repeated = 0;
  const watch = cluster.faults.delay({
    api: 'Produce',
    ms: 1,
    times: Infinity,
    matching: ({ topics }) => {
      const named = (topics ?? []).flatMap(({ topic, partitions }) =>
        partitions.map(({ partition }) => `${topic}/${partition}`),
      );
      repeated += named.length - new Set(named).size;
      return true;
    },
  });
  const flushes: Promise<void>[] = [];
  for (let round = 0; round < 20; round++) {
    appendNumbers(accumulator, 'out', 6, 60, round * 60);
    flushes.push(accumulator.flush());
  }
  await Promise.all(flushes);
  t.true(watch.hits > 0);
  t.is(repeated, 0);
  await expectExactlyOnce(t, cluster, 1_200);
});

test('several accumulators of one sink send to the same partitions at the same time, each in its own order', async (t) => {
  const { cluster, sink } = await openSink(t);
  const accumulators = [sink.accumulator(), sink.accumulator(), sink.accumulator()];
  cluster.faults.drop({ api: 'Produce', when: 'after', times: 5 });
  await Promise.all(
    accumulators.map(async (accumulator, i) => {
      for (let round = 0; round < 10; round++) {
        appendNumbers(accumulator, 'out', 6, 60, i * 600 + round * 60);
        await accumulator.flush();
      }
    }),
  );
  const client = await connectClient(t, cluster.brokers);
  const collector = await readAll(t, client, 'out', 6, 1_800);
  t.deepEqual(collector.sorted(), numbers(1_800));
  for (const [i] of accumulators.entries())
    for (let partition = 0; partition < 6; partition++) {
      const own = collector.values('out', partition).filter((value) => Math.floor(value / 600) === i);
      t.deepEqual(
        own,
        [...own].sort((a, b) => a - b),
      );
    }
});

test('an attempt of unknown outcome, then a broker that forgot the sequence numbers: what is sent under another id is counted once', async (t) => {
  const { cluster, accumulator, repeated } = await openSink(t, { brokers: 1 });
  storeThenRefuse(cluster, { stored: 10, code: 45 });
  appendNumbers(accumulator, 'out', 6, 60);
  await accumulator.flush();
  t.is(cluster.endOffset('out', 1), 20);
  t.deepEqual(repeated, [10]);
  appendNumbers(accumulator, 'out', 6, 60);
  await accumulator.flush();
  t.deepEqual(repeated, [10]);
});

test('without idempotence records may be stored twice; they are counted once, however often they are sent', async (t) => {
  const { cluster, accumulator, repeated } = await openSink(t, { brokers: 1, idempotent: false });
  cluster.faults.drop({ api: 'Produce', when: 'after', times: 3 });
  appendNumbers(accumulator, 'out', 6, 6);
  await accumulator.flush();
  t.true(cluster.endOffset('out', 0) > 1);
  t.is(sum(repeated), 6);
});

test('without idempotence records may be stored twice, and a warning counts them', async (t) => {
  const lines: LogLine[] = [];
  const { cluster, accumulator, repeated } = await openSink(t, { brokers: 1, idempotent: false, lines });
  cluster.faults.drop({ api: 'Produce', when: 'after' });
  appendNumbers(accumulator, 'out', 6, 6);
  await accumulator.flush();
  t.is(cluster.requests('InitProducerId').length, 0);
  t.is(cluster.endOffset('out', 0), 2);
  const warnings = lines.filter(({ level, message }) => level === 'warn' && message.includes('stored twice'));
  t.is(sum(warnings.map(({ fields }) => Number(fields['records']))), 6);
  t.is(sum(repeated), 6);
});

test('a topic that does not exist is named by loadTopic', async (t) => {
  const { sink } = await openSink(t, { brokers: 1 });
  const error = await t.throwsAsync(sink.loadTopic('nowhere'), { instanceOf: ProduceError });
  t.regex(error.message, /nowhere does not exist/);
  t.is(sink.partitionCount('nowhere'), undefined);
});

test('closing waits for requests in flight and fails what was not sent', async (t) => {
  const { cluster, sink, accumulator } = await openSink(t, { brokers: 1 });
  appendNumbers(accumulator, 'out', 6, 6);
  await accumulator.flush();
  const delay = cluster.faults.delay({ api: 'Produce', ms: 200 });
  appendNumbers(accumulator, 'out', 6, 6, 6);
  const flushed = accumulator.flush();
  await delay.done;
  await sink.close();
  await flushed;
  appendNumbers(accumulator, 'out', 6, 6, 12);
  await t.throwsAsync(accumulator.flush(), { instanceOf: LifecycleError });
  await expectExactlyOnce(t, cluster, 12);
});

test('cleared records are forgotten', async (t) => {
  const { cluster, accumulator } = await openSink(t, { brokers: 1 });
  appendNumbers(accumulator, 'out', 6, 6);
  accumulator.clear();
  t.is(accumulator.count, 0);
  t.is(accumulator.bytes, 0);
  await accumulator.flush();
  t.is(cluster.endOffset('out', 0), 0);
});
