import type { WorkerHistory } from '../worker/worker-history.ts';
import type { Invariant } from '../workload.ts';

const name = 'honest-health';
/** A run is degraded when something has failed for 5 s; then some time for the report. */
const OUTAGE_MS = 12_000;
/** After progress was made again, what is measured over some seconds may lag. */
const AFTER_MS = 10_000;

/**
 * Workers that are at work with no fault near say so; in a long outage they say that; and what they
 * count as processed and committed is what they have reported, batch by batch.
 */
export const honestHealth: Invariant = {
  name,
  check({ workers, faults }) {
    const problems: string[] = [];
    // Committed is what lies between offsets.
    const hasGaps = faults.some(({ fault }) => fault.allows.includes('new-topic'));
    const quiet = (at: number) =>
      !faults.some(({ begun, healed, progressMs }) => at >= begun && at <= healed + progressMs + AFTER_MS);
    for (const worker of workers) {
      const { incarnation, healths, startedAt, endedAt = Infinity, end, records, committed } = worker;
      for (const { at, healthy, degraded } of healths)
        if (quiet(at) && (!healthy || degraded))
          problems.push(
            `worker ${incarnation} called itself ${healthy ? 'degraded' : 'unhealthy'} with no fault near`,
          );
      for (const { fault, begun, healed } of faults)
        if (
          fault.isOutage === true &&
          healed - begun >= OUTAGE_MS &&
          startedAt < begun - OUTAGE_MS &&
          endedAt > healed &&
          !saysBad(worker, begun, healed)
        )
          problems.push(`worker ${incarnation} called itself well throughout ${fault.name}`);
      if ((end === 'closed' || end === 'done') && records !== committed && !hasGaps)
        problems.push(`worker ${incarnation} counts ${records} records, but has committed ${committed}`);
    }
    const [first] = problems;
    return first === undefined ? [] : [{ invariant: name, text: `${first} (${problems.length} such)` }];
  },
};

function saysBad({ healths }: WorkerHistory, from: number, to: number): boolean {
  return healths.some(({ at, healthy, degraded }) => at >= from && at <= to && (!healthy || degraded));
}
