import test from 'ava';
import { ProduceError } from '../../../../source/kernel/errors.ts';
import { appendNumbers, SHORT_DEADLINES } from '../test-client.ts';
import { expectExactlyOnce, openSink } from './open-sink.ts';

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

test('partitions that are refused together are sent again together, and ask for their leaders once', async (t) => {
  const partitions = 300;
  const { cluster, accumulator } = await openSink(t, { brokers: 1, partitions });
  appendNumbers(accumulator, 'out', partitions, partitions);
  await accumulator.flush();
  const counted = (api: 'Metadata' | 'Produce') =>
    cluster.requests(api).reduce((sum, { count }) => sum + count, 0);
  const before = { metadata: counted('Metadata'), produce: counted('Produce') };
  // As a broker does that does not know yet that it leads the partitions of a new topic.
  const fault = cluster.faults.fail({ api: 'Produce', code: 6, times: 2 });
  appendNumbers(accumulator, 'out', partitions, partitions, partitions);
  await accumulator.flush();
  t.is(fault.hits, 2);
  t.is(counted('Metadata') - before.metadata, 2);
  t.is(counted('Produce') - before.produce, 3);
});
