/**
 * Messages that cannot be processed. Without further ado the first one stops the job, before
 * anything of its batch is committed. A middleware can decide otherwise: here it writes what failed
 * to a topic of its own, and lets the rest of the batch count.
 */
import { BatchError, eachMessage, ProcessError, TopicProcessor, type Middleware } from 'kasper-ts';
import { exampleKafka, fillTopic } from './cluster.ts';

await using kafka = await exampleKafka();
await fillTopic(kafka, 'errors-paid', 1);
await fillTopic(kafka, 'errors-failed', 1);
await fillTopic(kafka, 'errors-payments', 1, [
  { key: 'ann', value: '{"amount": 20}' },
  { key: 'bob', value: '{"amount": ' },
  { key: 'cid', value: '{"amount": 5}' },
]);

const options = {
  topicProcessorName: 'errors',
  client: { brokers: kafka.brokers },
  inputTopics: ['errors-payments'],
  inputPartitions: [0],
};

// eachMessage tries every message and throws a BatchError for those that failed; a processor of
// your own may throw one as well.
const pay = eachMessage((message, sender) => {
  const { amount } = JSON.parse(message.valueText ?? '') as { amount: number };
  sender.send({ topic: 'errors-paid', key: message.key, value: String(amount) });
});

// 1. Nobody catches it: the run fails, nothing was committed, and nothing was sent.
try {
  await new TopicProcessor(options, pay).runToEnd();
} catch (error) {
  if (!(error instanceof ProcessError && error.cause instanceof BatchError)) throw error;
  const failed = error.cause.failures.map(({ message }) => `offset ${message.offset}`);
  console.log(`the run failed for ${failed.join(', ')}`);
}

// 2. A middleware does. What the others sent is kept, and the offsets are committed once the failed
// ones are safe in their topic.
const setAside: Middleware = (next) => async (messages, sender, context) => {
  try {
    await next(messages, sender, context);
  } catch (error) {
    if (!(error instanceof BatchError)) throw error;
    for (const { message, error: reason } of error.failures) {
      const { key, value } = message;
      sender.send({ topic: 'errors-failed', key, value, headers: { reason: String(reason) } });
    }
    console.log(`${error.failures.length} of ${messages.length} set aside`);
  }
};
const { records, sent } = await new TopicProcessor({ ...options, middleware: [setAside] }, pay).runToEnd();
console.log(`${records} payments, ${sent} records sent`);

// expected: 3 payments, 3 records sent
