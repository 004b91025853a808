// A processor that copies each record to the same partition of another topic, in a process of its
// own, until it hears no more of the one that started it.
import { randomUUID } from 'node:crypto';
import { silentLogger, TopicProcessor } from '../../../source/index.ts';

const [broker, input, output, partitions, batchWaitMs] = process.argv.slice(2);
if (broker === undefined || input === undefined || output === undefined)
  throw new Error('Usage: node copy-process.js BROKER INPUT OUTPUT PARTITIONS BATCH-WAIT-MS');

const processor = new TopicProcessor(
  {
    topicProcessorName: `latency-${randomUUID()}`,
    client: { brokers: [broker] },
    inputTopics: [input],
    inputPartitions: Array.from({ length: Number(partitions) }, (_none, partition) => partition),
    batchWaitMs: Number(batchWaitMs),
    logger: silentLogger,
  },
  {
    process(messages, sender) {
      for (const { key, value, partition } of messages) sender.send({ topic: output, key, value, partition });
    },
  },
);
process.on('disconnect', () => void processor.close());
processor.on('state', ({ to }) => {
  if (to === 'running') process.send?.('running');
});
await processor.runLoop();
