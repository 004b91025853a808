import type { PlayedFault } from '../played-fault.ts';
import type { Invariant } from '../workload.ts';

const name = 'commit-monotonic';
/** A commit that a stopped owner had sent may arrive this much after it goes on. */
const LATE_MS = 15_000;

/** The committed offset never goes back, unless two owners are at work, or the topic is another one. */
export const commitMonotonic: Invariant = {
  name,
  check({ commits, faults }) {
    const loose = faults.filter(({ fault }) =>
      fault.allows.some((each) => each === 'two-owners' || each === 'new-topic'),
    );
    const problems: string[] = [];
    for (const [i, { at, committed }] of commits.samples.entries()) {
      const before = commits.samples[i - 1];
      if (before === undefined || loose.some((fault) => isDuring(fault, before.at, at))) continue;
      committed.forEach((offset = 0, partition) => {
        const was = before.committed[partition] ?? 0;
        if (offset < was)
          problems.push(`${partition} went back from ${was} to ${offset}, ${lastBefore(faults, at)}`);
      });
    }
    const [first] = problems;
    return first === undefined ? [] : [{ invariant: name, text: `${first} (${problems.length} such)` }];
  },
};

function isDuring({ begun, healed }: PlayedFault, from: number, to: number): boolean {
  return to >= begun && from <= healed + LATE_MS;
}

/** The last three faults that had begun, with what has passed since: whose trace this may be. */
function lastBefore(faults: readonly PlayedFault[], at: number): string {
  const begun = faults.filter((fault) => fault.begun <= at).slice(-3);
  const since = (then: number) => `${Math.round(at - then)} ms`;
  return `after ${begun.map(({ fault, begun: from, healed }) => `${fault.name} (begun ${since(from)} before, healed ${since(healed)})`).join(', ')}`;
}
