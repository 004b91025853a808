import type { FinishedRun } from '../finished-run.ts';
import type { WorkerHistory } from '../worker/worker-history.ts';
import type { Invariant } from '../workload.ts';

/**
 * A record has more than one output only if it was open when a worker was killed or failed, or two
 * owners had it: one more for each time. Others may be twice only if a worker counted that it had to send them again, not
 * knowing whether they had arrived.
 */
export const repeatsOnlyOpen: Invariant = {
  name: 'repeats-only-open',
  async check(run) {
    if (
      run.workload.origin === undefined ||
      run.faults.some(({ fault }) => fault.allows.includes('new-topic'))
    )
      return [];
    const counts = (await run.outputs('output')).counts(run.input.acked);
    const open = timesOpen(run);
    let strays = 0;
    let first = '';
    counts.forEach((of, partition) => {
      of.forEach((count, n) => {
        const allowed = 1 + (open[partition]?.[n] ?? 0);
        if (count <= allowed) return;
        strays += count - allowed;
        first ||= `${partition}/${n} has ${count}, and was open at ${allowed - 1} ends of workers`;
      });
    });
    const counted = run.workers.reduce((sum, { repeated }) => sum + repeated, 0);
    return strays <= counted
      ? []
      : [
          {
            invariant: 'repeats-only-open',
            text: `${strays} outputs too many, of which workers counted ${counted}; the first: ${first}`,
          },
        ];
  },
};

/**
 * How often each input record was open when a worker ended, or was begun by a worker that was fenced
 * while another one had it: by partition, then by number.
 */
function timesOpen({ input, workers, topic, workload }: FinishedRun): Uint16Array[] {
  const times = input.acked.map((count) => new Uint16Array(count));
  const inputs = workload.topics.filter(({ role }) => role === 'input').map(({ name }) => topic(name));
  for (const worker of workers) {
    if (worker.end === 'closed' || worker.end === 'done') continue;
    for (const partition of worker.partitions) {
      const ranges = worker.open.flatMap((batch) => (batch.partition === partition ? batch.ranges : []));
      const twice = isFenced(worker)
        ? inputs.flatMap((name) => begunTwice(worker, workers, `${name}/${partition}`))
        : [];
      const open = new Set<number>();
      for (const [first, last] of [...ranges.map(([, ...range]) => range), ...twice])
        for (let n = first; n <= last; n++) open.add(n);
      const of = times[partition];
      for (const n of open) if (of !== undefined && n < of.length) of[n] = (of[n] ?? 0) + 1;
    }
  }
  return times;
}

function isFenced({ failure }: WorkerHistory): boolean {
  return failure?.includes('FencedError') === true;
}

/** What a worker began that others began, too, while both lived. */
function begunTwice(
  worker: WorkerHistory,
  workers: readonly WorkerHistory[],
  key: string,
): (readonly [first: number, last: number])[] {
  const others = workers.filter(
    ({ startedAt, endedAt = Infinity }) =>
      startedAt < (worker.endedAt ?? Infinity) && endedAt > worker.startedAt,
  );
  return (worker.begun.get(key) ?? []).flatMap(([first, last]) =>
    others
      .filter((other) => other !== worker)
      .flatMap((other) => other.begun.get(key) ?? [])
      .map(([from, to]) => [Math.max(first, from), Math.min(last, to)] as const)
      .filter(([from, to]) => from <= to),
  );
}
