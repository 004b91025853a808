// @platformatic/kafka: messages of its stream are gathered to batches; the stream is paused while
// one is processed, and its offsets are committed after it.
import { measureAndPrint } from '../measure.ts';
import { givenTask, messagesPerSend } from '../task.ts';
import {
  platformaticClient,
  type PlatformaticMessage,
  type PlatformaticRecord,
} from './platformatic-client.ts';
import { platformaticJobs } from './platformatic-jobs.ts';

const task = givenTask();
const { Consumer, Producer } = await platformaticClient(process.env['PLATFORMATIC_FOLDER'] ?? '');
const common = { clientId: 'bench', bootstrapBrokers: [...task.brokers] };
const mostMessages = messagesPerSend(task);
const makeJob = platformaticJobs[task.job];
if (makeJob === undefined) throw new Error(`@platformatic/kafka has no job ${task.job}`);
const producer = new Producer({ ...common, idempotent: true, acks: -1, compression: task.compression });
const job = makeJob(task, async (messages: PlatformaticRecord[]) => {
  for (let at = 0; at < messages.length; at += mostMessages)
    await producer.send({ messages: messages.slice(at, at + mostMessages) });
});

await measureAndPrint(async () => {
  const consumer = new Consumer({
    ...common,
    groupId: task.group,
    autocommit: false,
    maxWaitTime: 250,
    maxBytesPerPartition: Number(task.settings['maxBytesPerPartition']),
    highWaterMark: Number(task.settings['highWaterMark']),
  });
  const stream = await consumer.consume({
    topics: [...task.inputs],
    mode: 'committed',
    fallbackMode: 'earliest',
  });
  let seen = 0;
  const finishBatch = async (batch: PlatformaticMessage[]) => {
    await job.process(batch);
    const last = new Map<string, PlatformaticMessage>();
    for (const message of batch) last.set(`${message.topic}/${message.partition}`, message);
    await consumer.commit({
      offsets: [...last.values()].map(({ topic, partition, offset }) => ({
        topic,
        partition,
        offset: offset + 1n,
        leaderEpoch: -1,
      })),
    });
    seen += batch.length;
  };
  await new Promise<void>((resolve, reject) => {
    let batch: PlatformaticMessage[] = [];
    stream.on('error', reject);
    stream.on('data', (message) => {
      batch.push(message);
      if (batch.length < task.batch && seen + batch.length < task.records) return;
      const full = batch;
      batch = [];
      stream.pause();
      finishBatch(full).then(() => {
        if (seen >= task.records) resolve();
        else stream.resume();
      }, reject);
    });
  });
  await stream.close();
  await consumer.close(true);
  await producer.close();
  return seen;
}, job.sums);
job.close?.();
