/**
 * Sends messages on: a filter and a router. `sender.forward` keeps key, value, headers and
 * timestamp of a message unless others are given, and copies what it keeps as it lies in the
 * record: it need not be decoded.
 */
import { TopicProcessor } from 'kasper-ts';
import { exampleKafka, fillTopic } from './cluster.ts';

await using kafka = await exampleKafka();
await fillTopic(kafka, 'route-orders', 1, [
  { key: 'ann', value: '{"amount": 20}', headers: { country: 'fr' } },
  { key: 'bob', value: '{"amount": 5}', headers: { country: 'jp' } },
  { key: 'test', value: '{"amount": 1}', headers: { country: 'fr' } },
  { key: 'cid', value: '{"amount": 7}' },
]);
await fillTopic(kafka, 'route-europe', 2);
await fillTopic(kafka, 'route-asia', 2);
await fillTopic(kafka, 'route-elsewhere', 1);

const topics = new Map([
  ['fr', 'route-europe'],
  ['de', 'route-europe'],
  ['jp', 'route-asia'],
]);
const counts = new Map<string, number>();

const processor = new TopicProcessor(
  {
    topicProcessorName: 'route',
    client: { brokers: kafka.brokers },
    inputTopics: ['route-orders'],
    inputPartitions: [0],
  },
  {
    process(messages, sender) {
      for (const message of messages) {
        // What is not sent on is filtered out: its offset is committed all the same.
        if (message.keyText === 'test') continue;
        const country = message.headers.get('country')?.toString() ?? 'none';
        const topic = topics.get(country);
        if (topic !== undefined) sender.forward(message, { topic });
        else
          sender.forward(message, { topic: 'route-elsewhere', headers: { reason: `country: ${country}` } });
        counts.set(country, (counts.get(country) ?? 0) + 1);
      }
    },
  },
);

const { records, sent } = await processor.runToEnd();
const routed = [...counts].map(([country, count]) => `${country} ${count}`).join(', ');
console.log(`${sent} of ${records} orders sent on: ${routed}`);

// expected: 3 of 4 orders sent on: fr 1, jp 1, none 1
