import { samePartition, type Job } from './job.ts';

/** Sends every record on to the same partition of another topic. */
export const copy: Job = {
  name: 'copy',
  title: 'send every record on, to the same partition of another topic',
  value: 'text',
  inputs: 1,
  concurrency: 1,
  expectedSums: () => ({}),
  output: { input: 0, ...samePartition },
  kasper: ({ output }) => ({
    processor: {
      process(messages, sender) {
        for (const { key, value, partition } of messages)
          sender.send({ topic: output, key, value, partition });
      },
    },
  }),
};
