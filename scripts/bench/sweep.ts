import type { ReadyContender } from './contenders/contenders.ts';
import type { Job } from './jobs/job.ts';
import type { Row } from './run-row.ts';
import type { Settings } from './task.ts';

/** A row for each combination of the settings that contenders are to be tried with at a job, with batches of one size. */
export function sweptRows(job: Job, contenders: readonly ReadyContender[], batch: number): Row[] {
  return contenders
    .filter(({ jobs, sweep }) => jobs.includes(job.name) && sweep !== undefined)
    .flatMap((contender) =>
      combinations(contender.sweep?.(job.name) ?? {}).map((tried) => ({
        contender,
        batch: contender.takesBatchSize ? batch : undefined,
        settings: { ...contender.settings, ...tried },
      })),
    );
}

/** Every combination of one value of each setting. */
export function combinations(values: Readonly<Record<string, readonly number[]>>): Settings[] {
  return Object.entries(values).reduce<Settings[]>(
    (sofar, [name, tried]) =>
      sofar.flatMap((settings) => tried.map((value) => ({ ...settings, [name]: value }))),
    [{}],
  );
}
