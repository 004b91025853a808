import test from 'ava';
import { producerIdOf } from '../../../../source/kafka/records/batch-header.ts';
import { ProduceError } from '../../../../source/kernel/errors.ts';
import { startEmbedded } from '../../../_helpers/servers/clusters.ts';
import { forgettingSockets } from '../forgetting-sockets.ts';
import { appendNumbers, connectClient, type LogLine } from '../test-client.ts';
import { expectExactlyOnce, openSink } from './open-sink.ts';

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

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
