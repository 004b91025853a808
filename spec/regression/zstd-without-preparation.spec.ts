// The sequence: on a Node whose zlib has no Zstandard (before 22.15) a topic is compressed by zstd,
// and nothing else in the process has prepared the codec. The run failed at the first batch with
// LifecycleError "await prepareCompression() before zstd is used", read or written.
import test from 'ava';
import { EmbeddedCluster } from '../../source/embedded/index.ts';
import { TopicProcessor } from '../../source/topic-processor.ts';
import { connectClient, numbers, readAll, sendNumbers } from '../kafka/kafkajs/test-client.ts';

test('zstd is ready before the first batch is read or written', async (t) => {
  const cluster = await EmbeddedCluster.start({ topics: { in: 1, out: 1 } });
  t.teardown(() => cluster.close());
  const client = await connectClient(t, cluster.brokers);
  await sendNumbers(client, 'in', 1, 500, { compression: 'zstd' });
  const processor = new TopicProcessor(
    {
      topicProcessorName: 'zstd',
      client: { brokers: cluster.brokers },
      inputTopics: ['in'],
      inputPartitions: [0],
      compression: 'zstd',
    },
    {
      process(messages, sender) {
        for (const { value } of messages) sender.send({ topic: 'out', key: null, value });
      },
    },
  );
  t.is((await processor.runToEnd()).records, 500);
  t.deepEqual((await readAll(t, client, 'out', 1, 500)).values('out', 0), numbers(500));
});
