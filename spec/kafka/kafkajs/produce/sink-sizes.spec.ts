import test from 'ava';
import { ProduceError } from '../../../../source/kernel/errors.ts';
import { appendNumbers, FIRST_TIMESTAMP, type LogLine } from '../test-client.ts';
import { expectExactlyOnce, isFor, openSink, storeThenRefuse } from './open-sink.ts';

for (const code of [10, 18]) {
  test(`error ${code} halves a batch of several records, each record is stored exactly once and in order`, async (t) => {
    const { cluster, accumulator, repeated } = await openSink(t);
    const fault = cluster.faults.fail({ api: 'Produce', code, partition: 2, times: 2 });
    appendNumbers(accumulator, 'out', 6, 120);
    await accumulator.flush();
    t.is(fault.hits, 2);
    await expectExactlyOnce(t, cluster, 120);
    t.deepEqual(repeated, [], 'a batch that was refused is not stored');
  });
}

test('what a broker may have stored before it found the batch too large is counted as repeated, once', async (t) => {
  const lines: LogLine[] = [];
  const { cluster, accumulator, repeated } = await openSink(t, { brokers: 1, lines });
  storeThenRefuse(cluster, { stored: 10, code: 10, times: 2 });
  appendNumbers(accumulator, 'out', 6, 60);
  await accumulator.flush();
  t.is(cluster.endOffset('out', 1), 20, 'the halves are stored beside what the first attempt stored');
  t.deepEqual(repeated, [10]);
  // They have sequence numbers of their own.
  t.deepEqual(
    lines.filter(({ message }) => message.includes('refuses the sequence numbers')),
    [],
  );
});

test('a batch that was sent stays whole when the link is then found to be slow: it is stored once', async (t) => {
  const { cluster, accumulator, repeated } = await openSink(t, { brokers: 1, partitions: 2 });
  // Stored and not answered; while it is about to be sent again, the other one takes long.
  const lost = cluster.faults.drop({ api: 'Produce', when: 'after', matching: isFor(0) });
  const slow = cluster.faults.delay({ api: 'Produce', ms: 4_000, matching: isFor(1) });
  for (const partition of [0, 1])
    for (let i = 0; i < 80; i++) {
      const value = Buffer.alloc(10_000, i);
      const record = { key: null, value, headers: [], timestamp: FIRST_TIMESTAMP };
      accumulator.append('out', partition, accumulator.measure(record));
    }
  await accumulator.flush();
  t.is(lost.hits, 1);
  t.is(slow.hits, 1);
  t.deepEqual([cluster.endOffset('out', 0), cluster.endOffset('out', 1)], [80, 80]);
  t.deepEqual(repeated, []);
});

test('one record that may be stored, and is then found too large, has an unknown outcome', async (t) => {
  const { cluster, accumulator } = await openSink(t, { brokers: 1 });
  storeThenRefuse(cluster, { stored: 1, code: 10 });
  appendNumbers(accumulator, 'out', 6, 6);
  const error = await t.throwsAsync(accumulator.flush(), { instanceOf: ProduceError });
  t.deepEqual(
    error.unknown.map(({ partition, records }) => [partition, records]),
    [[1, 1]],
  );
  t.deepEqual(error.failed, []);
  t.regex(error.message, /1 may or may not be \(out\/1\)/);
});
