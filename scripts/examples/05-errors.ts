/**
 * Messages that cannot be processed. Without middleware the first one stops the job, before anything
 * of its batch is committed. Here each is tried twice, then set aside as a dead letter, while the
 * rest of its batch counts.
 */
import {
  BatchError,
  deadLetter,
  deadLetterOf,
  eachMessage,
  logErrors,
  ProcessError,
  readRange,
  retry,
  topicSpans,
  TopicProcessor,
} from 'kasper-ts';
import { exampleKafka, fillTopic } from './cluster.ts';

await using kafka = await exampleKafka();
await fillTopic(kafka, 'errors-paid', 1);
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

// 2. Middleware decides, the first is outermost. What the others sent is kept, and the offsets are
// committed once the dead letter is acked.
const middleware = [deadLetter({ create: true }), retry({ attempts: 2 }), logErrors()];
const processor = new TopicProcessor({ ...options, middleware }, pay);
const { records } = await processor.runToEnd();
const { retried, dead_lettered: letters } = processor.stats().tally;
console.log(`${records} payments, ${retried} retried, ${letters} set aside`);

// 3. What a dead letter says. `kasper dlq show errors-payments.dlq` shows the same, and
// `kasper dlq replay` sends it back once the code is fixed.
await readRange(kafka.client, await topicSpans(kafka.client, 'errors-payments.dlq'), (message) => {
  const { topic, partition, offset, exception } = deadLetterOf(message);
  console.log(
    `${message.keyText ?? ''}: ${topic ?? ''}/${partition ?? ''} offset ${offset ?? ''}, ${exception ?? ''}`,
  );
});

// expected: 3 payments, 1 retried, 1 set aside
