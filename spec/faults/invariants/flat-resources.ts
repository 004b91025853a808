import type { Usage } from '../worker/worker-line.ts';
import type { Invariant } from '../workload.ts';

const name = 'flat-resources';
const MiB = 1024 * 1024;
/** Samples at each end: the least of them counts, since what is above it is work in process. */
const SAMPLES = 5;
/** The first samples of a worker are of its start. */
const WARM_UP = 3;

/** How much more than at first a worker may use at last. */
const most: Readonly<Record<keyof Usage, number>> = {
  rss: 96 * MiB,
  heapUsed: 16 * MiB,
  arrayBuffers: 16 * MiB,
  // All its connections: three to each of three brokers, and two to a store. At first few may be open.
  descriptors: 11,
  timers: 20,
};

/** Memory, descriptors and timers of workers that lived long enough did not grow. */
export const flatResources: Invariant = {
  name,
  check({ workers }) {
    const problems = workers.flatMap(({ incarnation, usages }) => {
      const samples = usages.slice(WARM_UP);
      if (samples.length < 2 * SAMPLES) return [];
      const [first, last] = [leastOf(samples.slice(0, SAMPLES)), leastOf(samples.slice(-SAMPLES))];
      return (Object.keys(most) as (keyof Usage)[])
        .filter((what) => last[what] > first[what] + most[what])
        .map((what) => `worker ${incarnation}: ${what} grew from ${first[what]} to ${last[what]}`);
    });
    const [first] = problems;
    return first === undefined ? [] : [{ invariant: name, text: `${first} (${problems.length} such)` }];
  },
};

function leastOf(usages: readonly Usage[]): Usage {
  const least = (what: keyof Usage) => Math.min(...usages.map((usage) => usage[what]));
  return {
    rss: least('rss'),
    heapUsed: least('heapUsed'),
    arrayBuffers: least('arrayBuffers'),
    descriptors: least('descriptors'),
    timers: least('timers'),
  };
}
