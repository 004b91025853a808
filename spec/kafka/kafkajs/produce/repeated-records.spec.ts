import test from 'ava';
import { TopicProcessor } from '../../../../source/topic-processor.ts';
import { startEmbedded } from '../../../_helpers/servers/clusters.ts';
import { connectClient, keepingLogger, sendNumbers } from '../test-client.ts';

test('records that may be stored twice are counted by stats() and by a metric', async (t) => {
  const cluster = await startEmbedded(t, { brokers: 1, topics: { in: 2, out: 2 } });
  await sendNumbers(await connectClient(t, cluster.brokers), 'in', 2, 20);
  const counted = new Map<string, number>();
  const child = { inc: () => undefined, set: () => undefined, observe: () => undefined };
  const processor = new TopicProcessor(
    {
      topicProcessorName: 'repeating',
      client: { brokers: [...cluster.brokers] },
      inputTopics: ['in'],
      inputPartitions: [0, 1],
      idempotent: false,
      logger: keepingLogger().logger,
      metrics: {
        newCounter: ({ name }) => ({
          labels: (...values) => ({
            inc: (by = 1) => {
              const key = [name, ...values].join(' ');
              counted.set(key, (counted.get(key) ?? 0) + by);
            },
          }),
        }),
        newGauge: () => ({ labels: () => child }),
        newSummary: () => ({ labels: () => child }),
        newHistogram: () => ({ labels: () => child }),
      },
    },
    {
      process: (messages, sender) => {
        for (const { partition, value } of messages) sender.send({ topic: 'out', partition, value });
      },
    },
  );
  t.is(processor.stats().repeated, 0);
  // Stored, and the answer is lost.
  cluster.faults.drop({ api: 'Produce', when: 'after' });
  const { sent } = await processor.runToEnd();
  t.is(sent, 20);
  const { repeated } = processor.stats();
  t.is(cluster.endOffset('out', 0) + cluster.endOffset('out', 1), 20 + repeated);
  t.true(repeated >= 10);
  t.is(counted.get('records_repeated_total repeating'), repeated);
});
