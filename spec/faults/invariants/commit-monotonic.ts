import type { Allowance } from '../fault-kind.ts';
import type { PlayedFault } from '../played-fault.ts';
import type { Invariant } from '../workload.ts';

const name = 'commit-monotonic';
/** A commit that a stopped owner had sent may arrive this much after it goes on. */
const LATE_MS = 15_000;

/**
 * The committed offset never goes back, unless two owners are at work, or the topic is another one;
 * and but for a moment where the coordinator moved.
 */
export const commitMonotonic: Invariant = {
  name,
  check({ commits: { samples }, faults, nodes }) {
    const that = (...allowed: readonly Allowance[]) =>
      faults.filter(({ fault }) => fault.allows.some((each) => allowed.includes(each)));
    const loose = that('two-owners', 'new-topic');
    const moving = nodes === 1 ? [] : that('moved-coordinator');
    const problems: string[] = [];
    for (const [i, { at, committed }] of samples.entries()) {
      const before = samples[i - 1];
      if (before === undefined || loose.some((fault) => isDuring(fault, before.at, at))) continue;
      const isMoving = moving.some((fault) => isDuring(fault, before.at, at));
      for (const [partition, offset = 0] of committed.entries()) {
        const was = before.committed[partition] ?? 0;
        if (offset >= was) continue;
        const comesAgain = samples.slice(i + 1).some((later) => (later.committed[partition] ?? 0) >= was);
        if (isMoving && comesAgain) continue;
        problems.push(`${partition} went back from ${was} to ${offset}, ${lastBefore(faults, at)}`);
      }
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
