import { json, type Codec } from '../../../source/index.ts';
import type { Origin } from '../workload.ts';

/**
 * A sum, and of each input partition the next record that is not in it yet: by its number, which is
 * its offset, but goes on where a topic is recreated.
 */
export interface Sum {
  readonly sum: number;
  readonly next: Readonly<Record<string, number>>;
  /** Whose it is, where there are tenants. */
  readonly tenant?: string;
}

export const sumCodec: Codec<Sum> = json<Sum>();

/** The sum of nothing. */
export const noSum: Sum = { sum: 0, next: {} };

/** The sum with an amount from a record that may be in it already. */
export function added(before: Sum, { partition, n }: Origin, amount: number): Sum {
  const { sum, next } = before;
  if (n < (next[partition] ?? 0)) return before;
  return { ...before, sum: sum + amount, next: { ...next, [partition]: n + 1 } };
}
