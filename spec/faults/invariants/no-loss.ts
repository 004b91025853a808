import type { Invariant } from '../workload.ts';

/** Each record that was written to the input, and has an output, has it. */
export const noLoss: Invariant = {
  name: 'no-loss',
  async check({ workload, input, outputs }) {
    if (workload.origin === undefined) return [];
    const counts = (await outputs('output')).counts(input.acked);
    let lost = 0;
    let first = '';
    counts.forEach((of, partition) => {
      of.forEach((count, n) => {
        if (count > 0 || workload.hasOutput?.(input.record(partition, n)) === false) return;
        lost += 1;
        first ||= `${partition}/${n}`;
      });
    });
    return lost === 0
      ? []
      : [
          {
            invariant: 'no-loss',
            text: `${lost} of ${input.total} records have no output; the first is ${first}`,
          },
        ];
  },
};
