import test from 'ava';
import { PartitionAnswers } from '../../../../source/kafka/kafkajs/protocol/partition-answers.ts';
import type { TopicPartition } from '../../../../source/kernel/topic-partition.ts';
import { partitionsOf } from '../test-client.ts';

const COUNT = 5_000;

for (const [order, answered] of [
  ['the order of the request', partitionsOf('orders', COUNT)],
  ['the opposite order', partitionsOf('orders', COUNT).reverse()],
  [
    'an order that begins elsewhere',
    [...partitionsOf('orders', COUNT).slice(7), ...partitionsOf('orders', 7)],
  ],
] as const) {
  test(`each partition is found in an answer in ${order}, with work in proportion to their number`, (t) => {
    let looks = 0;
    const answers = new PartitionAnswers(
      answered.map(({ topic, partition }) => ({
        topic,
        get partition() {
          looks++;
          return partition;
        },
        offset: partition * 10,
      })),
    );
    for (const asked of partitionsOf('orders', COUNT)) t.is(answers.of(asked)?.offset, asked.partition * 10);
    t.true(looks <= 3 * COUNT, `${looks} looks`);
  });
}

test('a partition that the answer does not name is not found, and the others are', (t) => {
  const answers = new PartitionAnswers([
    { topic: 'a', partition: 0 },
    { topic: 'b', partition: 1 },
  ]);
  t.is(answers.of({ topic: 'b', partition: 0 }), undefined);
  t.is(answers.of({ topic: 'a', partition: 1 }), undefined);
  t.deepEqual(answers.of({ topic: 'b', partition: 1 }), { topic: 'b', partition: 1 });
  t.deepEqual(answers.of({ topic: 'a', partition: 0 }), { topic: 'a', partition: 0 });
  t.is(new PartitionAnswers<TopicPartition>([]).of({ topic: 'a', partition: 0 }), undefined);
});
