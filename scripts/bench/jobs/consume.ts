import { KEY_BYTES } from '../input-records.ts';
import type { Job } from './job.ts';

/** Reads key and value of every record. */
export const consume: Job = {
  name: 'consume',
  title: 'read key and value of every record',
  value: 'text',
  inputs: 1,
  concurrency: 1,
  expectedSums: ([input]) => ({ bytes: (input?.records ?? 0) * (KEY_BYTES + (input?.valueBytes ?? 0)) }),
  kasper() {
    let bytes = 0;
    return {
      processor: {
        process(messages) {
          for (const { key, value } of messages) bytes += (key?.length ?? 0) + (value?.length ?? 0);
        },
      },
      sums: () => ({ bytes }),
    };
  },
};
