import { comparedRows, type Compared } from './comparison.ts';
import type { ReadyContender } from './contenders/contenders.ts';
import { jobs } from './jobs/jobs.ts';
import { grounds } from './matrix.ts';
import type { BenchOptions } from './options.ts';
import type { Row } from './run-row.ts';
import { sweptRows } from './sweep.ts';

/** A comparison that is to be made. */
export interface Planned {
  readonly compared: Compared;
  readonly rows: readonly Row[];
}

/** All comparisons that the options ask for, those on topics of one kind in a row. */
export function planOf(options: BenchOptions, contenders: readonly ReadyContender[]): Planned[] {
  const asked = contenders.filter(
    ({ name }) => name === 'kasper-ts' || options.peers.some((peer) => peer === name),
  );
  return grounds(options).flatMap((ground) =>
    options.jobs.map((name) => {
      const compared = { job: jobs[name], ground };
      return { compared, rows: (options.sweep ? sweptRows : comparedRows)(compared, asked, options) };
    }),
  );
}
