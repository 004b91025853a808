/**
 * Hello, batch: counts words. A batch of lines comes in, one record for each of its words goes out.
 */
import { TopicProcessor } from 'kasper-ts';
import { exampleKafka, fillTopic } from './cluster.ts';

// A Kafka to try it on (with --brokers host:port: yours), and something to read.
await using kafka = await exampleKafka();
await fillTopic(kafka, 'hello-words', 2);
await fillTopic(kafka, 'hello-lines', 2, [
  { value: 'to be or not to be' },
  { value: 'that is the question' },
  { value: 'to die to sleep' },
  { value: 'no more' },
]);

const processor = new TopicProcessor(
  {
    topicProcessorName: 'hello-batch',
    client: { brokers: kafka.brokers },
    inputTopics: ['hello-lines'],
    inputPartitions: [0, 1],
  },
  {
    process(messages, sender) {
      const counts = new Map<string, number>();
      for (const { valueText } of messages) {
        for (const word of valueText?.split(' ') ?? []) counts.set(word, (counts.get(word) ?? 0) + 1);
      }
      for (const [word, count] of counts)
        sender.send({ topic: 'hello-words', key: word, value: String(count) });
    },
  },
);

const { records, batches, sent } = await processor.runToEnd();
console.log(`${records} lines in ${batches} batches gave ${sent} word counts`);

// expected: 4 lines in 2 batches gave 12 word counts
