import type { Ground } from './ground.ts';
import { inputShapes } from './matrix.ts';
import type { BenchCluster } from './cluster.ts';
import type { ReadyContender } from './contenders/contenders.ts';
import type { InputShape } from './input-records.ts';
import type { Job } from './jobs/job.ts';
import type { Measurement } from './measure.ts';
import type { BenchOptions } from './options.ts';
import { runRow, type Row } from './run-row.ts';

const MOST_FAILURES = 2;

/** The verified runs of one row, and why others failed. */
export interface RowRuns extends Row {
  readonly runs: readonly Measurement[];
  /** Those over a quarter of the records, if they were asked for. */
  readonly shortRuns: readonly Measurement[];
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

/** Those that have the job, and can work with its topics. */
export function takingPart(
  { job, ground }: Compared,
  contenders: readonly ReadyContender[],
): readonly ReadyContender[] {
  return contenders.filter(({ jobs, lacks }) => jobs.includes(job.name) && lacks?.(ground) === undefined);
}

/** A row for each contender that has the job, and for each size of batch, if it takes one. */
export function comparedRows(
  compared: Compared,
  contenders: readonly ReadyContender[],
  options: Pick<BenchOptions, 'batches' | 'metrics' | 'records' | 'keys' | 'steady'>,
): Row[] {
  const { job, ground } = compared;
  const { metrics, steady } = options;
  return takingPart(compared, contenders).flatMap((contender) => {
    const settings =
      metrics && contender.name === 'kasper-ts'
        ? { ...contender.settings, metrics: 'prometheus' }
        : contender.settings;
    return batchesOf(contender, options.batches).map((batch) => {
      const inputs = inputShapes(job, ground, { ...options, batch });
      return { contender, batch, settings, inputs, ...(steady && { shortInputs: quarters(inputs) }) };
    });
  });
}

function batchesOf({ batches }: ReadyContender, given: readonly number[]): readonly (number | undefined)[] {
  if (batches === 'each') return given;
  return [batches === 'largest' ? Math.max(...given) : undefined];
}

function quarters(inputs: readonly InputShape[]): InputShape[] {
  return inputs.map((shape) => ({ ...shape, records: Math.ceil(shape.records / 4) }));
}

/**
 * Measures rows in turns, so that a machine that slows down slows all of them; the one that begins
 * changes, too. A run that fails is left out, and is reported; a row is given up when two have failed
 * and none was right.
 */
export async function compare(
  cluster: BenchCluster,
  { job, ground }: Compared,
  rows: readonly Row[],
  options: Pick<BenchOptions, 'runs' | 'limitMs' | 'nodeOptions' | 'batches'>,
  onRun: (row: Row, result: Measurement | Error) => void,
): Promise<Comparison> {
  const measured = rows.map((row) => ({
    ...row,
    runs: [] as Measurement[],
    shortRuns: [] as Measurement[],
    failures: [] as string[],
  }));
  const exercise = { cluster, job, ground, options };
  for (let run = 0; run < options.runs; run++) {
    for (const row of run % 2 === 0 ? measured : measured.toReversed()) {
      if (row.runs.length === 0 && row.failures.length >= MOST_FAILURES) continue;
      try {
        const result = await runRow(row, exercise);
        if (row.shortInputs !== undefined)
          row.shortRuns.push(await runRow({ ...row, inputs: row.shortInputs }, exercise));
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
