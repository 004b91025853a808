import test from 'ava';
import { BrokerError, ProduceError } from '../../../../source/kernel/errors.ts';
import { appendNumbers, Collector, connectClient, openSource, startAt } from '../test-client.ts';
import { expectExactlyOnce, isFor, openSink, storeThenRefuse } from './open-sink.ts';

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
    collector.onChunkHook = ({ messages }) => keys.push(...messages.slice().map(({ keyText }) => keyText));
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
