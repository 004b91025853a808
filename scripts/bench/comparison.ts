import { inputShapes, type Ground } from './matrix.ts';
import type { BenchCluster } from './cluster.ts';
import type { ReadyContender } from './contenders/contenders.ts';
import type { Job } from './jobs/job.ts';
import type { Measurement } from './measure.ts';
import type { BenchOptions } from './options.ts';
import { runRow, type Row } from './run-row.ts';

/** The verified runs of one row, and why others failed. */
export interface RowRuns extends Row {
  readonly runs: readonly Measurement[];
  readonly failures: readonly string[];
}

/** All that was measured of one job on topics of one kind. */
export interface Comparison {
  readonly job: Job;
  readonly ground: Ground;
  readonly keys: number;
  readonly rows: readonly RowRuns[];
}

/** What a comparison is about. */
export interface Compared {
  readonly job: Job;
  readonly ground: Ground;
}

/** A row for each contender that has the job, and for each size of batch, if it takes one. */
export function comparedRows(
  { job, ground }: Compared,
  contenders: readonly ReadyContender[],
  options: Pick<BenchOptions, 'batches' | 'metrics' | 'records' | 'keys'>,
): Row[] {
  const { batches, metrics } = options;
  return contenders
    .filter(({ jobs }) => jobs.includes(job.name))
    .flatMap((contender) => {
      const settings =
        metrics && contender.name === 'kasper-ts'
          ? { ...contender.settings, metrics: 'prometheus' }
          : contender.settings;
      return (contender.takesBatchSize ? batches : [undefined]).map((batch) => {
        const inputs = inputShapes(job, ground, { ...options, batch });
        return { contender, batch, settings, inputs };
      });
    });
}

/**
 * Measures rows in turns, so that a machine that slows down slows all of them; the one that begins
 * changes, too. A run that fails is left out, and is reported.
 */
export async function compare(
  cluster: BenchCluster,
  { job, ground }: Compared,
  rows: readonly Row[],
  options: Pick<BenchOptions, 'runs' | 'limitMs' | 'nodeOptions' | 'batches'>,
  onRun: (row: Row, result: Measurement | Error) => void,
): Promise<Comparison> {
  const measured = rows.map((row) => ({ ...row, runs: [] as Measurement[], failures: [] as string[] }));
  for (let run = 0; run < options.runs; run++) {
    for (const row of run % 2 === 0 ? measured : measured.toReversed()) {
      try {
        const result = await runRow(row, { cluster, job, ground, options });
        row.runs.push(result);
        onRun(row, result);
      } catch (error) {
        const failure = error instanceof Error ? error : new Error(String(error));
        row.failures.push(failure.message);
        onRun(row, failure);
      }
    }
  }
  return { job, ground, keys: rows[0]?.inputs[0]?.keys ?? 0, rows: measured };
}
