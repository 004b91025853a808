import { defineJob } from '../../../source/index.ts';
import { numberHeader, type Workload } from '../workload.ts';

const PARTITIONS = 4;
/** Of a partition: few, so that records of one key are near each other. */
const KEYS = 3;

/**
 * Each record is forwarded to the output partition of the same number, by the plainest job there is:
 * outputs go out with the batch alone. Batches are small, of several partitions at a time, and have
 * little time.
 */
export const relay: Workload = {
  name: 'relay',
  services: [],
  topics: [
    { role: 'input', name: 'in', partitions: PARTITIONS },
    { role: 'output', name: 'out', partitions: PARTITIONS },
  ],
  record: (random, partition, n) => ({
    key: `key-${partition}-${random.between(1, KEYS)}`,
    value: Buffer.from(`value ${n} ${'x'.repeat(random.between(0, 1_000))}`),
  }),
  job: (worker) =>
    defineJob(
      {
        topicProcessorName: worker.name,
        inputTopics: [worker.topic('in')],
        batchSize: 20,
        batchWaitMs: 100,
        concurrency: PARTITIONS,
        processTimeoutMs: 4_000,
        closeTimeoutMs: 2_000,
      },
      {
        process(messages, sender) {
          const half = Math.ceil(messages.length / 2);
          for (const [at, message] of messages.entries()) {
            if (at === half) worker.midway();
            sender.forward(message, { topic: worker.topic('out'), partition: message.partition });
          }
        },
      },
    ),
  origin: (output) => ({ partition: output.partition, n: Number(output.header(numberHeader)) }),
  invariants: [],
};
