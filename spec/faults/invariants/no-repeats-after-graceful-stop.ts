import type { Invariant } from '../workload.ts';

const name = 'no-repeats-after-graceful-stop';

/**
 * A worker that closed in good order has no batch open, and what it has begun is begun by no other
 * after it.
 */
export const noRepeatsAfterGracefulStop: Invariant = {
  name,
  check({ workers, faults }) {
    const isLoose = faults.some(({ fault }) => fault.allows.some((each) => each !== 'new-partitions'));
    const problems: string[] = [];
    for (const [at, worker] of workers.entries()) {
      if (worker.end !== 'closed' && worker.end !== 'done') continue;
      if (worker.open.length > 0)
        problems.push(`worker ${worker.incarnation} closed with ${worker.open.length} batches open`);
      if (isLoose) continue;
      for (const [key, ranges] of worker.begun) {
        const last = Math.max(...ranges.map((range) => range[1]));
        for (const later of workers.slice(at + 1)) {
          const again = later.begun.get(key)?.find(([first]) => first <= last);
          if (again !== undefined)
            problems.push(
              `worker ${later.incarnation} began ${key} again at ${again[0]}, of which worker ${worker.incarnation} had closed at ${last}`,
            );
        }
      }
    }
    const [first] = problems;
    return first === undefined ? [] : [{ invariant: name, text: `${first} (${problems.length} such)` }];
  },
};
