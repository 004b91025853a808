/**
 * Money, moved exactly once: each transfer becomes two bookings, which are visible together or not
 * at all, together with the offset of the transfer.
 *
 * Here a run fails in the middle of a batch, when half of its bookings are at the brokers already.
 * They are aborted, and the next run books each transfer once.
 */
import { ProcessError, TopicProcessor, type MessageProcessor } from 'kasper-ts';
import { exampleKafka, fillTopic } from './cluster.ts';

await using kafka = await exampleKafka();
await fillTopic(kafka, 'bookings', 1);
await fillTopic(
  kafka,
  'transfers',
  1,
  Array.from({ length: 100 }, (_none, at) => ({ key: at % 3 === 0 ? 'ann' : 'bob', value: String(at) })),
);

const options = {
  topicProcessorName: 'book-transfers',
  client: { brokers: kafka.brokers },
  inputTopics: ['transfers'],
  inputPartitions: [0],
  delivery: 'exactly-once',
  batchSize: 20,
  batchWaitMs: 20,
} as const;

/** @param failsAt the offset of a transfer at which it fails */
function booking(failsAt?: number): MessageProcessor {
  return {
    async process(messages, sender) {
      for (const { key, keyText, offset, valueText } of messages) {
        sender.send({ topic: 'bookings', key: 'bank', value: `-${valueText ?? '0'}` });
        if (offset === failsAt) {
          await sender.flush(); // At the brokers, and seen by nobody.
          throw new Error(`the power failed while ${keyText ?? ''} was paid`);
        }
        sender.send({ topic: 'bookings', key, value: valueText });
      }
    },
  };
}

try {
  await new TopicProcessor(options, booking(50)).runToEnd();
} catch (error) {
  if (!(error instanceof ProcessError)) throw error;
  console.log(`failed: ${String(error.cause)}`);
}
await showBooks('books-after-failure');
await new TopicProcessor(options, booking()).runToEnd();
await showBooks('books');

/** Adds up what readers of committed records see. */
async function showBooks(topicProcessorName: string): Promise<void> {
  let bookings = 0;
  let balance = 0;
  const { client, inputPartitions } = options;
  const reader = new TopicProcessor(
    { topicProcessorName, client, inputTopics: ['bookings'], inputPartitions },
    {
      process(messages) {
        for (const { valueText } of messages) {
          bookings++;
          balance += Number(valueText);
        }
      },
    },
  );
  await reader.runToEnd();
  console.log(`${bookings} bookings, which come to ${balance}`);
}

// expected: 200 bookings, which come to 0
