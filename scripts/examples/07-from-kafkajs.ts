/**
 * Moving a job from kafkajs: the same job before and after, and how its offsets come along, so that
 * nothing is read twice or left out.
 */
import { setTimeout } from 'node:timers/promises';
import { Kafka, logLevel, Partitioners } from 'kafkajs';
import { groupIdOf, TopicProcessor, type KafkaClient, type RunSummary } from 'kasper-ts';
import { exampleKafka, fillTopic, sendRecords } from './cluster.ts';

await using cluster = await exampleKafka();
await fillTopic(cluster, 'moved-totals', 1);
await fillTopic(cluster, 'moved-orders', 1, [
  { key: 'ann', value: '20' },
  { key: 'bob', value: '7' },
  { key: 'ann', value: '5' },
]);
const kafka = new Kafka({ brokers: cluster.brokers, logLevel: logLevel.ERROR });

// #region before
/** With kafkajs: runs until it is stopped. */
async function before(kafka: Kafka): Promise<{ stop(): Promise<void> }> {
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  const consumer = kafka.consumer({ groupId: 'order-totals' });
  await producer.connect();
  await consumer.connect();
  await consumer.subscribe({ topics: ['moved-orders'], fromBeginning: true });
  await consumer.run({
    eachBatch: async ({ batch }) => {
      const totals = new Map<string, number>();
      for (const { key, value } of batch.messages) {
        const who = key?.toString() ?? '';
        totals.set(who, (totals.get(who) ?? 0) + Number(value?.toString()));
      }
      const messages = [...totals].map(([who, total]) => ({ key: who, value: String(total) }));
      await producer.send({ topic: 'moved-totals', messages });
    },
  });
  return {
    stop: async () => {
      await consumer.disconnect();
      await producer.disconnect();
    },
  };
}
// #endregion

// #region after
/** With kasper-ts: here up to the end of the topic; a job that continues calls runLoop. */
async function after(kafka: Kafka): Promise<RunSummary> {
  const processor = new TopicProcessor(
    {
      topicProcessorName: 'order-totals', // the group is kasper-topic-processor-order-totals
      client: kafka, // or { brokers: [...] }
      inputTopics: ['moved-orders'],
      inputPartitions: [0],
    },
    {
      process(messages, sender) {
        const totals = new Map<string, number>();
        for (const { keyText, valueText } of messages) {
          const who = keyText ?? '';
          totals.set(who, (totals.get(who) ?? 0) + Number(valueText));
        }
        for (const [who, total] of totals)
          sender.send({ topic: 'moved-totals', key: who, value: String(total) });
      },
    },
  );
  return processor.runToEnd(); // runLoop() continues until close()
}
// #endregion

// #region offsets
/** Once, when the old job has stopped, and before the new one starts. */
async function copyOffsets(client: KafkaClient, topic: string, partitions: readonly number[]): Promise<void> {
  const asked = partitions.map((partition) => ({ topic, partition }));
  const committed = await client.group('order-totals').fetch(asked);
  const found = committed.flatMap(({ offset, ...rest }) =>
    offset === undefined ? [] : [{ ...rest, offset }],
  );
  for (const { error } of await client.group(groupIdOf('order-totals')).commit(found))
    if (error !== undefined) throw error;
}
// #endregion

const old = await before(kafka);
const results = [{ topic: 'moved-totals', partition: 0 }];
const endOfResults = async () => (await cluster.client.listOffsets('latest', results, 'read_committed'))[0];
while ((await endOfResults())?.offset === 0) await setTimeout(20);
await old.stop();

await copyOffsets(cluster.client, 'moved-orders', [0]);
await sendRecords(cluster.client, 'moved-orders', [{ key: 'ann', value: '1' }]);
const { records, partitions } = await after(kafka);
console.log(`${records} order from offset ${partitions[0]?.start ?? ''} on`);

// expected: 1 order from offset 3 on
