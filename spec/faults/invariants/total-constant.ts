import type { FinishedRun } from '../finished-run.ts';
import type { Invariant, OutputRecord } from '../workload.ts';
import { originOf } from '../workloads/origin.ts';
import type { Sum } from '../workloads/sum.ts';
import { Cases } from './cases.ts';

const NAME = 'total-constant';

export interface TotalConstantOptions {
  /** What has come to each account, or gone from it. */
  stored(run: FinishedRun): Promise<ReadonlyMap<string, Sum>>;
  /** The topic with two records for each transfer. */
  readonly ledger: string;
  entry(output: OutputRecord): readonly [account: string, change: number];
}

/**
 * What went from all accounts came to others: in the store, and in the two entries of each transfer,
 * which are the same whenever they are sent.
 */
export function totalConstant({ stored, ledger, entry }: TotalConstantOptions): Invariant {
  return {
    name: NAME,
    async check(run) {
      let total = 0;
      for (const { sum } of (await stored(run)).values()) total += sum;
      const store = new Cases(NAME, 'total of all accounts is not 0');
      if (total !== 0) store.add(() => `it is ${total}`);

      /** By transfer, `partition/n`. */
      const debits = new Map<string, number>();
      const credits = new Map<string, number>();
      const changed = new Cases(NAME, 'entries were sent again with another amount');
      await run.read(ledger, (output) => {
        const origin = originOf(output);
        const transfer = `${origin?.partition ?? '?'}/${origin?.n ?? '?'}`;
        const [account, change] = entry(output);
        const side = change < 0 ? debits : credits;
        const before = side.get(transfer);
        side.set(transfer, change);
        if (before !== undefined && before !== change)
          changed.add(() => `transfer ${transfer} of ${account}: ${before}, then ${change}`);
      });
      const uneven = new Cases(NAME, 'transfers have no two entries that even out');
      for (const [transfer, debit] of debits) {
        const credit = credits.get(transfer);
        if (credit !== -debit) uneven.add(() => `transfer ${transfer}: ${debit} and ${credit ?? 'nothing'}`);
      }
      for (const [transfer, credit] of credits)
        if (!debits.has(transfer)) uneven.add(() => `transfer ${transfer}: nothing and ${credit}`);
      return [...store.violations, ...changed.violations, ...uneven.violations];
    },
  };
}
