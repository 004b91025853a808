import test from 'ava';
import { LifecycleError, ProduceError } from '../../../../source/kernel/errors.ts';
import { appendNumbers, connectClient, numbers, readAll } from '../test-client.ts';
import { expectExactlyOnce, openSink } from './open-sink.ts';

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
