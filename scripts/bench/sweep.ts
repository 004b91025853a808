import type { ReadyContender } from './contenders/contenders.ts';
import { takingPart, type Compared } from './comparison.ts';
import { inputShapes } from './matrix.ts';
import type { BenchOptions } from './options.ts';
import type { Row } from './run-row.ts';
import type { Settings } from './task.ts';

/**
 * A row for each combination of the settings that contenders are to be tried with at a job, with
 * batches of the largest size.
 */
export function sweptRows(
  compared: Compared,
  contenders: readonly ReadyContender[],
  options: Pick<BenchOptions, 'batches' | 'records' | 'keys'>,
): Row[] {
  const { job, ground } = compared;
  const largest = Math.max(...options.batches);
  return takingPart(compared, contenders)
    .filter(({ sweep }) => sweep !== undefined)
    .flatMap((contender) => {
      const batch = contender.batches === 'as fetched' ? undefined : largest;
      const inputs = inputShapes(job, ground, { ...options, batch });
      return combinations(contender.sweep?.(job.name) ?? {}).map((tried) => ({
        contender,
        batch,
        settings: { ...contender.settings, ...tried },
        inputs,
      }));
    });
}

/** Every combination of one value of each setting. */
export function combinations(values: Readonly<Record<string, readonly number[]>>): Settings[] {
  return Object.entries(values).reduce<Settings[]>(
    (sofar, [name, tried]) =>
      sofar.flatMap((settings) => tried.map((value) => ({ ...settings, [name]: value }))),
    [{}],
  );
}
