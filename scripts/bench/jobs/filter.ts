import { samePartition, type Job } from './job.ts';

/** The digit of the key that decides: that of the tens, so that each partition has some of them. */
export const FILTER_DIGIT = 5;
export const ZERO = 0x30;

/** Sends one of ten records on. */
export const filter: Job = {
  name: 'filter',
  title: 'send one of ten records on, by its key',
  value: 'text',
  inputs: 1,
  concurrency: 1,
  expectedSums: () => ({}),
  output: {
    input: 0,
    partition: (index, partitions) =>
      Math.floor(index / 10) % 10 === 0 ? samePartition.partition(index, partitions) : undefined,
  },
  kasper: ({ output }) => ({
    processor: {
      process(messages, sender) {
        for (const message of messages) {
          const { key } = message;
          if (key?.[FILTER_DIGIT] === ZERO)
            sender.send({ topic: output, key, value: message.value, partition: message.partition });
        }
      },
    },
  }),
};
