import { keyOf } from '../../../source/kernel/topic-partition.ts';
import type { Invariant } from '../workload.ts';

const name = 'commit-bounded';

/**
 * Whenever it was looked at, all records below the committed offset had their outputs: the ends of
 * the outputs were asked after the commits. And no commit lies beyond the input.
 */
export const commitBounded: Invariant = {
  name,
  async check({ workload, input, outputs, commits, faults }) {
    if (faults.some(({ fault }) => fault.allows.includes('new-topic'))) return [];
    const problems: string[] = [];
    const firsts = workload.origin === undefined ? undefined : await firstOutputs();
    for (const { committed, ends } of commits.samples)
      committed.forEach((offset = 0, partition) => {
        const acked = input.acked[partition] ?? 0;
        if (offset > acked) problems.push(`${partition} was committed at ${offset}, but ends at ${acked}`);
        firsts?.[partition]?.forEach((latest, at) => {
          const end = ends[at] ?? 0;
          if (offset > 0 && (latest[Math.min(offset, latest.length) - 1] ?? -1) >= end)
            problems.push(
              `${partition} was committed at ${offset} while output ${at} ended at ${end}, before an output of what lies below`,
            );
        });
      });
    const [first] = problems;
    return first === undefined ? [] : [{ invariant: name, text: `${first} (${problems.length} such)` }];

    /**
     * By partition of the input, then of the output (in the order of the samples' ends): up to each
     * number the latest of the first outputs.
     */
    async function firstOutputs(): Promise<Int32Array[][]> {
      const index = new Map(commits.outputs.map((output, at) => [keyOf(output), at]));
      const latest = input.acked.map((count) => commits.outputs.map(() => new Int32Array(count).fill(-1)));
      const seen = input.acked.map((count) => new Uint8Array(count));
      (await outputs('output')).forEach(({ partition, n, kafkaTopic, outputPartition, offset }) => {
        const at = index.get(keyOf({ topic: kafkaTopic, partition: outputPartition })) ?? -1;
        const [known, of] = [seen[partition], latest[partition]?.[at]];
        if (known === undefined || of === undefined || n >= of.length || known[n] === 1) return;
        known[n] = 1;
        of[n] = offset;
      });
      for (const of of latest.flat())
        for (let n = 1; n < of.length; n++) of[n] = Math.max(of[n] ?? -1, of[n - 1] ?? -1);
      return latest;
    }
  },
};
