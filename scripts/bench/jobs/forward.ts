import { partitioners } from '../../../source/index.ts';
import { keyText } from '../input-records.ts';
import type { Job } from './job.ts';

/** Sends every record on as it is, to the partition that its key decides. */
export const forward: Job = {
  name: 'forward',
  title: 'send every record on as it is, to the partition of another topic that its key decides',
  value: 'text',
  inputs: 1,
  concurrency: 1,
  expectedSums: () => ({}),
  output: {
    input: 0,
    partition: (index, partitions) => partitioners.murmur2(Buffer.from(keyText(index)), partitions),
  },
  kasper({ output }) {
    const fields = { topic: output };
    return {
      processor: {
        process(messages, sender) {
          for (const message of messages) sender.forward(message, fields);
        },
      },
    };
  },
};
