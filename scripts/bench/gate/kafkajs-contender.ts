import { randomUUID } from 'node:crypto';
import { CompressionTypes, Kafka, logLevel, Partitioners } from 'kafkajs';
import { checkRead, type GateJob } from './gate-job.ts';

/** More in a call is quadratically slower: its producer copies the list for every message. */
const MESSAGES_PER_SEND = 1000;

/** What kafkajs is used with for the same: `eachBatch`, one commit a batch, and `sendBatch`. */
export async function kafkajs(job: GateJob): Promise<void> {
  const { input, output, kind } = job;
  const kafka = new Kafka({ brokers: [job.broker], logLevel: logLevel.ERROR });
  const consumer = kafka.consumer({ groupId: `gate-${randomUUID()}`, maxWaitTimeInMs: 250 });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner, idempotent: true });
  let records = 0;
  let bytes = 0;
  if (kind === 'copy') await producer.connect();
  await consumer.connect();
  await consumer.subscribe({ topics: [input], fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      reject(payload.error);
    });
    const running = consumer.run({
      autoCommit: false,
      partitionsConsumedConcurrently: 1,
      eachBatch: async ({ batch }) => {
        const { messages, partition } = batch;
        for (const { key, value } of messages) bytes += (key?.length ?? 0) + (value?.length ?? 0);
        for (let at = 0; kind === 'copy' && at < messages.length; at += MESSAGES_PER_SEND) {
          const part = messages.slice(at, at + MESSAGES_PER_SEND);
          const sent = part.map(({ key, value }) => ({ key, value, partition }));
          await producer.sendBatch({
            compression: CompressionTypes.None,
            topicMessages: [{ topic: output, messages: sent }],
          });
        }
        const offset = (BigInt(batch.lastOffset()) + 1n).toString();
        await consumer.commitOffsets([{ topic: input, partition, offset }]);
        records += messages.length;
        if (records >= job.records) resolve();
      },
    });
    running.catch(reject);
  });
  await consumer.disconnect();
  await producer.disconnect();
  checkRead(job, records, bytes);
}
