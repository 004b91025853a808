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
  readonly leftOut: readonly LeftOut[];
}

/** A contender that cannot be run here, or not with topics of a kind. */
export interface LeftOut {
  readonly contender: string;
  readonly why: string;
}

/** All comparisons that the options ask for, those on topics of one kind in a row. */
export function planOf(options: BenchOptions, contenders: readonly ReadyContender[]): Planned[] {
  const asked = contenders.filter(
    ({ name }) => name === 'kasper-ts' || options.peers.some((peer) => peer === name),
  );
  return grounds(options).flatMap((ground) =>
    options.jobs.map((name) => {
      const compared = { job: jobs[name], ground };
      const leftOut = asked.flatMap(({ name: contender, lacks }) => {
        const why = lacks?.(ground);
        return why === undefined ? [] : [{ contender, why }];
      });
      return {
        compared,
        rows: (options.sweep ? sweptRows : comparedRows)(compared, asked, options),
        leftOut,
      };
    }),
  );
}
