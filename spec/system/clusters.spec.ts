import { Kafka, logLevel } from 'kafkajs';
import { kcat, kcatRecords } from '../_helpers/servers/kafka-tools.ts';
import { randomName, testOnBoth } from '../_helpers/servers/services.ts';

testOnBoth(
  'librdkafka writes, and reads back what it wrote',
  async (t, cluster) => {
    const topic = randomName('clusters');
    await cluster.createTopic(topic, 2, { 'retention.ms': '600000' });
    await kcat(cluster.brokers, ['-P', '-t', topic, '-p', '1', '-K', ':', '-H', 'h=1'], 'a:one\nb:two\n');
    const records = await kcatRecords(cluster.brokers, topic);
    t.deepEqual(
      records.map(({ partition, offset, key, value, headers }) => [partition, offset, key, value, headers]),
      [
        [1, 0, 'a', 'one', ['h', '1']],
        [1, 1, 'b', 'two', ['h', '1']],
      ],
    );
  },
  { needs: ['kcat'] },
);

testOnBoth('a topic is created once, with the partitions asked for', async (t, cluster) => {
  const topic = randomName('clusters');
  await cluster.createTopic(topic, 3);
  const admin = new Kafka({ brokers: [...cluster.brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  t.teardown(() => admin.disconnect());
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  t.deepEqual(
    topics.map(({ name, partitions }) => [name, partitions.length]),
    [[topic, 3]],
  );
  t.false(await admin.createTopics({ topics: [{ topic, numPartitions: 3 }] }));
});
