import { defineJob } from '../../../source/index.ts';
import { numberHeader, type Workload } from '../workload.ts';

const PARTITIONS = 6;
const KEYS = 50;

/** Each record is copied, with its headers, to the output partition of the same number. */
export const copy: Workload = {
  name: 'copy',
  services: [],
  topics: [
    { role: 'input', name: 'in', partitions: PARTITIONS },
    { role: 'output', name: 'out', partitions: PARTITIONS },
  ],
  record: (random, partition, n) => ({
    key: `key-${partition}-${random.between(1, KEYS)}`,
    value: Buffer.from(`value ${n} ${'x'.repeat(random.between(0, 200))}`),
  }),
  job: (worker) =>
    defineJob(
      {
        topicProcessorName: worker.name,
        inputTopics: [worker.topic('in')],
        batchSize: 200,
        batchWaitMs: 50,
      },
      {
        async process(messages, sender) {
          const half = Math.ceil(messages.length / 2);
          for (const [at, message] of messages.entries()) {
            if (at === half) {
              // So that a part of the batch is durable where it is killed.
              await sender.flush();
              worker.midway();
            }
            sender.forward(message, { topic: worker.topic('out'), partition: message.partition });
          }
        },
      },
    ),
  origin: (output) => ({
    partition: output.partition,
    n: Number(output.header(numberHeader)),
  }),
  invariants: [],
};
