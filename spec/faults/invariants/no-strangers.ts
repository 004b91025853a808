import type { Invariant } from '../workload.ts';

const name = 'no-strangers';

/** Each output that names an input record names one that was written. */
export const noStrangers: Invariant = {
  name,
  async check({ workload, input, outputs }) {
    if (workload.origin === undefined) return [];
    let strangers = 0;
    let first = '';
    (await outputs('output')).forEach(({ partition, n, topic, outputPartition, offset }) => {
      if (n >= 0 && n < (input.acked[partition] ?? 0)) return;
      strangers += 1;
      first ||= `${topic}/${outputPartition}/${offset} is of ${partition}/${n}`;
    });
    return strangers === 0
      ? []
      : [
          {
            invariant: name,
            text: `${strangers} outputs are of no record of the input; the first: ${first}`,
          },
        ];
  },
};
