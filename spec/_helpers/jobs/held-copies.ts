import { once } from 'node:events';
import { TopicProcessor } from '../../../source/index.ts';

/** What the job is told, as JSON in the first argument. */
export interface HeldCopiesOptions {
  readonly brokers: readonly string[];
  readonly name: string;
  readonly inputTopic: string;
  readonly outputTopic: string;
  /** The number of the first batch that waits for SIGUSR2 before it sends, from 1 on; 0: none does. */
  readonly heldFrom: number;
  /** The size of each value. */
  readonly valueBytes: number;
  readonly retryTimeoutMs: number;
}

/**
 * A program that sends one record for each batch: how far it has come, all under one key. It says on
 * standard output what happens, and lives on until it is ended.
 */
const options = JSON.parse(process.argv[2] ?? '{}') as HeldCopiesOptions;
const { brokers, name, inputTopic, outputTopic, heldFrom, valueBytes, retryTimeoutMs } = options;
let batches = 0;
const processor = new TopicProcessor(
  {
    topicProcessorName: name,
    client: { brokers: [...brokers] },
    inputTopics: [inputTopic],
    inputPartitions: [0],
    batchWaitMs: 0,
    retryTimeoutMs,
  },
  {
    process: async (messages, sender) => {
      console.log(`read ${messages.length}`);
      batches += 1;
      if (heldFrom > 0 && batches >= heldFrom) await once(process, 'SIGUSR2');
      const value = String(messages.at(-1)?.offset).padStart(valueBytes);
      sender.send({ topic: outputTopic, partition: 0, key: 'key', value });
    },
  },
);
processor.on('batch', ({ step, ranges }) => {
  console.log(`${step} to ${ranges[0]?.last}`);
});
await processor.runLoop().catch((error: unknown) => {
  console.log(`ended by ${String(error)}`);
  // As a supervisor would see it: nothing is left to wait for.
  process.exit(1);
});
