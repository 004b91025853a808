/**
 * One message at a time: `eachMessage` makes a processor of a function for a single message. What
 * the function sends still goes out with the batch, and the offsets are still committed once for
 * all of it.
 */
import { eachMessage, TopicProcessor } from 'kasper-ts';
import { exampleKafka, fillTopic } from './cluster.ts';

await using kafka = await exampleKafka();
await fillTopic(kafka, 'each-alarms', 1);
await fillTopic(kafka, 'each-readings', 1, [
  { key: 'cellar', value: '12' },
  { key: 'attic', value: '41' },
  { key: 'stove', value: '230' },
  { key: 'fridge', value: '5' },
]);

const processor = new TopicProcessor(
  {
    topicProcessorName: 'each-message',
    client: { brokers: kafka.brokers },
    inputTopics: ['each-readings'],
    inputPartitions: [0],
    // A batch is due when this many messages wait, or the oldest has waited this long.
    batchSize: 100,
    batchWaitMs: 50,
  },
  eachMessage((message, sender, context) => {
    const degrees = Number(message.valueText);
    if (degrees <= 40) return;
    sender.send({ topic: 'each-alarms', key: message.key, value: `${degrees} degrees` });
    console.log(`${message.keyText ?? 'somewhere'} is at ${degrees} degrees`);
    // Ends the loop after this batch. Elsewhere: await processor.close(), or a signal given to
    // runLoop.
    if (degrees > 200) context.stop();
  }),
);

// Unlike runToEnd this waits for ever more messages.
const { records, sent } = await processor.runLoop();
console.log(`${records} readings, ${sent} alarms`);

// expected: 4 readings, 2 alarms
