import test from 'ava';
import { SendError } from '../../source/kernel/errors.ts';
import { bench } from './sender-bench.ts';

test('a partition that the topic does not have is refused by send where that is known, else by the flush', async (t) => {
  const { kafka, sender, newSender, sink } = bench(t);
  const message = { topic: 'out', value: 'x', partition: 4 };
  const error = {
    instanceOf: SendError,
    message: "partition 4 of topic 'out' does not exist: it has 4, numbered from 0",
  };
  sender.send(message);
  await t.throwsAsync(sender.flush(), error);
  await sink.loadTopic('out');
  t.throws(() => {
    newSender().send(message);
  }, error);
  t.deepEqual(kafka.values('out'), []);
});

for (const nonsense of [-1, 4, 1.5, Number.NaN, undefined, '1']) {
  test(`a partitioner that gives ${String(nonsense)} (${typeof nonsense}) is named`, async (t) => {
    const { sender, sink } = bench(t, { partitioner: () => nonsense as number });
    await sink.loadTopic('out');
    t.throws(
      () => {
        sender.send({ topic: 'out', key: 'k', value: 'x' });
      },
      {
        instanceOf: SendError,
        message: `The partitioner gave ${String(nonsense)} for topic 'out', which has 4 partitions, numbered from 0`,
      },
    );
    t.notThrows(() => {
      sender.send({ topic: 'out', key: 'k', value: 'x', partition: 2 });
    }, 'an explicit partition wins');
  });
}

test('a partitioner gets the key, the count and the topic', async (t) => {
  const seen: unknown[] = [];
  const { kafka, sender } = bench(t, {
    partitioner: (key, count, topic) => {
      seen.push([Buffer.from(key).toString(), count, topic]);
      return 3;
    },
  });
  sender.send({ topic: 'out', key: 'k', value: 'x' });
  await sender.flush();
  t.deepEqual(seen, [['k', 4, 'out']]);
  t.is(kafka.records('out')[0]?.partition, 3);
});

test('records without a key are spread over the partitions, by all senders together and each topic for itself', async (t) => {
  const { kafka, newSender } = bench(t);
  for (let batch = 0; batch < 8; batch++) {
    const sender = newSender();
    sender.send({ topic: 'out', value: 'x' });
    sender.send({ topic: 'other', key: null, value: 'x' });
    await sender.flush();
  }
  const counts = (topic: string, partitions: number) =>
    Array.from(
      { length: partitions },
      (_none, partition) => kafka.records(topic).filter((each) => each.partition === partition).length,
    );
  t.deepEqual(counts('out', 4), [2, 2, 2, 2]);
  t.deepEqual(counts('other', 2), [4, 4]);
});
