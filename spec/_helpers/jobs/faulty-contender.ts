// A contender of the bench that does its job with one mistake: the setting `mistake` says which.
import { setTimeout as sleep } from 'node:timers/promises';
import { jobs } from '../../../scripts/bench/jobs/jobs.ts';
import { measureAndPrint } from '../../../scripts/bench/measure.ts';
import { givenTask } from '../../../scripts/bench/task.ts';
import { consumerMessage } from '../../../source/testing/index.ts';
import {
  openClient,
  silentLogger,
  TopicProcessor,
  type ConsumerMessage,
  type MessageProcessor,
} from '../../../source/index.ts';

const task = givenTask();
const mistake = task.settings['mistake'];
const [input = ''] = task.inputs;
const { processor, sums, close } = jobs[task.job].kasper(task);

/** The record that the mistake is about, the sixth of partition 1. */
const isTheOne = ({ partition, offset }: ConsumerMessage) => partition === 1 && offset === 5;

/** The same message with one bit of its value changed. */
function altered(message: ConsumerMessage): ConsumerMessage {
  const fields = message.toObject();
  const value = Buffer.from(fields.value ?? '');
  value[50] = (value[50] ?? 0) ^ 1;
  return consumerMessage({ ...fields, value });
}

const faulty: MessageProcessor = {
  process(messages, sender, context) {
    if (mistake === 'fail') throw new Error('the contender failed on purpose');
    if (mistake === 'drop') messages = messages.filter((message) => !isTheOne(message));
    if (mistake === 'repeat') messages = [...messages, ...messages.filter(isTheOne)];
    if (mistake === 'replace')
      messages = messages.flatMap((message, at) =>
        isTheOne(message) ? messages.slice(at - 1, at) : [message],
      );
    if (mistake === 'alter')
      messages = messages.map((message) => (isTheOne(message) ? altered(message) : message));
    return processor.process(messages, sender, context);
  },
};

await measureAndPrint(
  async () => {
    if (mistake === 'hang') await sleep(2_147_483_647);
    const { records } = await new TopicProcessor(
      {
        topicProcessorName: task.name,
        client: { brokers: [...task.brokers] },
        inputTopics: task.inputs,
        inputPartitions: Array.from({ length: task.partitions }, (_, partition) => partition),
        batchSize: task.batch,
        claims: false,
      },
      faulty,
    ).runToEnd();
    if (mistake === 'commit') await commitOneLess();
    return mistake === 'count' ? records - 1 : records;
  },
  () => sums?.() ?? {},
);
await close?.();

async function commitOneLess(): Promise<void> {
  const client = openClient({ brokers: [...task.brokers] }, { logger: silentLogger });
  await client.connect();
  const group = client.group(task.group);
  const [committed] = await group.fetch([{ topic: input, partition: 1 }]);
  await group.commit([
    { topic: input, partition: 1, offset: (committed?.offset ?? 0) - 1, leaderEpoch: -1, metadata: '' },
  ]);
  await client.close();
}
