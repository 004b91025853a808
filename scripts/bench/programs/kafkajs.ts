// kafkajs at its best: eachBatch with one commit a batch, and sendBatch in parts (many messages in
// a call are quadratically slower: its producer copies the list for every message).
import { Kafka, logLevel, Partitioners } from 'kafkajs';
import { measureAndPrint } from '../measure.ts';
import { givenTask, messagesPerSend } from '../task.ts';
import { kafkajsCompression } from './kafkajs-compression.ts';
import { kafkajsJobs } from './kafkajs-jobs.ts';

const MOST_FETCH_BYTES = 64 * 1024 * 1024;

const task = givenTask();
const compression = await kafkajsCompression(task.compression);
const settings = {
  maxBytesPerPartition: Number(task.settings['maxBytesPerPartition']),
  // At least as many as this project may wait for.
  partitionsConsumedConcurrently: Math.max(
    task.concurrency,
    Number(task.settings['partitionsConsumedConcurrently']),
  ),
};
const mostMessages = messagesPerSend(task);

const kafka = new Kafka({ brokers: [...task.brokers], logLevel: logLevel.ERROR });
const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner, idempotent: true });
const makeJob = kafkajsJobs[task.job];
if (makeJob === undefined) throw new Error(`kafkajs has no job ${task.job}`);
const job = makeJob(task, async (messages) => {
  for (let at = 0; at < messages.length; at += mostMessages) {
    const part = messages.slice(at, at + mostMessages);
    await producer.sendBatch({ compression, topicMessages: [{ topic: task.output, messages: part }] });
  }
});

await measureAndPrint(async () => {
  const consumer = kafka.consumer({
    groupId: task.group,
    maxWaitTimeInMs: 250,
    maxBytesPerPartition: settings.maxBytesPerPartition,
    // The bound of a whole answer must not be the narrower one, nor more than it can say.
    maxBytes: Math.min(MOST_FETCH_BYTES, settings.maxBytesPerPartition * task.partitions),
  });
  if (job.sends) await producer.connect();
  await consumer.connect();
  await consumer.subscribe({ topics: [...task.inputs], fromBeginning: true });
  let seen = 0;
  await new Promise<void>((resolve, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      reject(payload.error);
    });
    consumer
      .run({
        autoCommit: false,
        partitionsConsumedConcurrently: settings.partitionsConsumedConcurrently,
        eachBatch: async ({ batch }) => {
          await job.process(batch);
          const next = (BigInt(batch.lastOffset()) + 1n).toString();
          await consumer.commitOffsets([{ topic: batch.topic, partition: batch.partition, offset: next }]);
          seen += batch.messages.length;
          if (seen >= task.records) resolve();
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
  if (job.sends) await producer.disconnect();
  return seen;
}, job.sums);
job.close?.();
