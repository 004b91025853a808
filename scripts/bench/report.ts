import type { Comparison, RowRuns } from './comparison.ts';
import { figuresOf, ratio, steadyOf, type Figures, type Steady } from './figures.ts';
import { recordsOf, type Row } from './run-row.ts';

/** A comparison as JSON has it. */
export interface ComparisonReport {
  readonly job: string;
  readonly title: string;
  readonly valueBytes: number;
  readonly compression: string;
  readonly partitions: number;
  readonly keys: number;
  readonly rows: readonly RowReport[];
}

/** A row of a comparison as JSON has it; without figures if no run was right. */
export interface RowReport extends Partial<Figures> {
  readonly contender: string;
  readonly version: string;
  /** null where the contender's batches are what a fetch returned. */
  readonly batch: number | null;
  readonly settings: Row['settings'];
  /** In all inputs; fewer where the batches are small. */
  readonly records: number;
  /**
   * How many times the rate of each peer: of its row with the same batches, if it takes a size of
   * batches, and of the fastest, if there are several.
   */
  readonly ratios: Readonly<Record<string, number>>;
  /** The start apart from what further records cost, if that was measured. */
  readonly steady?: Steady;
  readonly runs: RowRuns['runs'];
  readonly shortRuns: RowRuns['shortRuns'];
  readonly failures: readonly string[];
}

export function reportOf({ job, ground, keys, rows }: Comparison): ComparisonReport {
  return {
    job: job.name,
    title: job.title,
    ...ground,
    keys,
    rows: rows.map((row) => {
      const steady = steadyOf(row.runs, row.shortRuns);
      const own = row.runs.length === 0 ? undefined : figuresOf(row.runs);
      return {
        contender: row.contender.name,
        version: row.contender.prepared.version,
        batch: row.batch ?? null,
        settings: row.settings,
        records: recordsOf(row),
        ...own,
        ratios: own === undefined ? {} : ratiosOf(own, row, rows),
        ...(steady && { steady }),
        runs: row.runs,
        shortRuns: row.shortRuns,
        failures: row.failures,
      };
    }),
  };
}

function ratiosOf(own: Figures, row: Row, rows: readonly RowRuns[]): Record<string, number> {
  const ratios: Record<string, number> = {};
  for (const { contender, batch, runs } of rows) {
    if (contender.name === 'kasper-ts' || runs.length === 0) continue;
    if (batch !== undefined && row.batch !== undefined && batch !== row.batch) continue;
    ratios[contender.name] = Math.min(ratio(own, figuresOf(runs)), ratios[contender.name] ?? Infinity);
  }
  return ratios;
}
