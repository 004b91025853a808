import { countSums, recordsByKey } from '../input-records.ts';
import type { Job } from './job.ts';

/** Counts the records of each key in a Map. */
export const countMap: Job = {
  name: 'count-map',
  title: 'count the records of each key in memory',
  value: 'text',
  inputs: 1,
  concurrency: 1,
  expectedSums: (inputs) => countSums(inputs.flatMap((input) => [...recordsByKey(input).entries()])),
  kasper() {
    const counts = new Map<string, number>();
    return {
      processor: {
        process(messages) {
          for (const { keyText } of messages)
            if (keyText !== null) counts.set(keyText, (counts.get(keyText) ?? 0) + 1);
        },
      },
      sums: () => countSums(counts),
    };
  },
};
