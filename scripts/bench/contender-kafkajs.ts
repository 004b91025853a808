// kafkajs as its documentation shows it: eachBatch, one commit a batch, and for `copy` sendBatch
// with 1,000 messages a call (more in a call is quadratically slower: its producer copies the list
// for every message).
import { randomUUID } from 'node:crypto';
import { CompressionTypes, Kafka, logLevel, Partitioners } from 'kafkajs';
import { contenderArguments, measureAndPrint } from './measure.ts';

const { job, broker, input, output, records } = contenderArguments();
const MESSAGES_PER_SEND = 1000;
let bytes = 0;

await measureAndPrint(async () => {
  const kafka = new Kafka({ brokers: [broker], logLevel: logLevel.ERROR });
  const consumer = kafka.consumer({ groupId: `bench-${randomUUID()}`, maxWaitTimeInMs: 250 });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner, idempotent: true });
  if (job === 'copy') await producer.connect();
  await consumer.connect();
  await consumer.subscribe({ topics: [input], fromBeginning: true });
  let seen = 0;
  await new Promise<void>((resolve, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      reject(payload.error);
    });
    consumer
      .run({
        autoCommit: false,
        partitionsConsumedConcurrently: 1,
        eachBatch: async ({ batch }) => {
          const { messages, partition } = batch;
          if (job === 'consume') {
            for (const { key, value } of messages) bytes += (key?.length ?? 0) + (value?.length ?? 0);
          } else {
            for (let at = 0; at < messages.length; at += MESSAGES_PER_SEND) {
              const part = messages.slice(at, at + MESSAGES_PER_SEND);
              await producer.sendBatch({
                compression: CompressionTypes.None,
                topicMessages: [
                  { topic: output, messages: part.map(({ key, value }) => ({ key, value, partition })) },
                ],
              });
            }
          }
          const next = (BigInt(batch.lastOffset()) + 1n).toString();
          await consumer.commitOffsets([{ topic: input, partition, offset: next }]);
          seen += messages.length;
          if (seen >= records) resolve();
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
  if (job === 'copy') await producer.disconnect();
  if (job === 'consume' && bytes < records * 100) throw new Error(`Only ${bytes} bytes were read`);
  return seen;
});
