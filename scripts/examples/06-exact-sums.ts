/**
 * Sums that stay exact when records are reprocessed. Each sum carries, for each input partition,
 * the next offset that is not in it yet, so that it knows a repeat.
 *
 * Here records are reprocessed twice: since a commit fails after the sums were written and sent,
 * and since `seek` goes back to the first record.
 */
import { setTimeout } from 'node:timers/promises';
import {
  CommitError,
  TopicProcessor,
  type ConsumerMessage,
  type MessageProcessor,
  type Middleware,
} from 'kasper-ts';
import { MapStore, type Store } from 'kasper-ts/stores';
import { exampleKafka, fillTopic } from './cluster.ts';

await using kafka = await exampleKafka();
await fillTopic(kafka, 'exact-sums', 1);
await fillTopic(kafka, 'exact-sales', 1, [
  { key: 'tea', value: '4' },
  { key: 'rye', value: '7' },
  { key: 'tea', value: '5' },
  { key: 'tea', value: '6' },
]);
await fillTopic(kafka, 'exact-refunds', 1, [{ key: 'tea', value: '-2' }]);

// #region fold
interface Sum {
  readonly amount: number;
  /** For each input partition, such as `sales/0`, the next offset that is not in here yet. */
  readonly next: Readonly<Record<string, number>>;
}

function add(before: Sum, { topic, partition, offset, valueText }: ConsumerMessage): Sum {
  const from = `${topic}/${partition}`;
  if (offset < (before.next[from] ?? 0)) return before; // It is in the sum already.
  return { amount: before.amount + Number(valueText), next: { ...before.next, [from]: offset + 1 } };
}

const exactSums: MessageProcessor<{ readonly sums: Store }> = {
  async process(messages, sender, { stores }) {
    const keys = new Set(messages.map(({ keyText }) => keyText ?? ''));
    const stored = await stores.sums.getAll([...keys]);
    const sums = new Map([...keys].map((key) => [key, decode(stored.get(key))]));
    for (const message of messages) {
      const key = message.keyText ?? '';
      sums.set(key, add(sums.get(key) ?? decode(undefined), message));
    }
    const values = new Map([...sums].map(([key, sum]) => [key, Buffer.from(JSON.stringify(sum))]));
    await stores.sums.putAll(values);
    // Also where nothing is new: the batch that knew it may have failed before its records were
    // out.
    for (const [key, value] of values) sender.send({ topic: 'exact-sums', key, value });
  },
};

function decode(value: Buffer | undefined): Sum {
  return value === undefined ? { amount: 0, next: {} } : (JSON.parse(value.toString()) as Sum);
}
// #endregion

/** Outlives a processor: here in this process's memory, in earnest in a store outside of it. */
const sums = new MapStore();

/** What sums come to that do not know a repeat. */
const plain = new Map<string, number>();
const addPlainly: Middleware = (next) => async (messages, sender, context) => {
  for (const { keyText, valueText } of messages)
    plain.set(keyText ?? '', (plain.get(keyText ?? '') ?? 0) + Number(valueText));
  await next(messages, sender, context);
};

const options = {
  topicProcessorName: 'exact-sums',
  client: { brokers: kafka.brokers },
  inputTopics: ['exact-sales', 'exact-refunds'],
  inputPartitions: [0],
  batchSize: 2,
  batchWaitMs: 20,
  stores: { sums },
  middleware: [addPlainly],
};

// 1. The commit fails: the sums are stored and sent, and all that was processed is open.
const failing = new TopicProcessor(
  {
    ...options,
    commitMetadata: ({ offset }) => {
      if (offset > 0) throw new Error('no commit today');
      return '';
    },
  },
  exactSums,
);
try {
  await failing.runToEnd();
} catch (error) {
  if (!(error instanceof CommitError)) throw error;
  console.log(
    `not committed: ${error.failed.map(({ topic, offset }) => `${topic} at ${offset}`).join(', ')}`,
  );
}

// 2. The next process gets it again; and all sales a third time, since somebody goes back.
const processor = new TopicProcessor(options, exactSums);
const running = processor.runLoop();
await untilConsumed(processor);
console.log(`went back to offset ${await processor.seek('exact-sales', 0, 'earliest')}`);
await untilConsumed(processor);
await processor.close();
const { records } = await running;
console.log(`${records} records were processed and committed`);

for await (const [key, value] of sums.entries())
  console.log(`${key}: ${decode(value).amount}; a plain sum says ${plain.get(key) ?? 0}`);

/** Waits until it runs, and has committed everything that is there. */
async function untilConsumed(consumer: TopicProcessor<{ sums: MapStore }>): Promise<void> {
  while (consumer.state === 'starting' || !(await consumer.hasConsumedAllMessages())) await setTimeout(20);
}

// expected: tea: 13; a plain sum says
