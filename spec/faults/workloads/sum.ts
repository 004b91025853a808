import { json, type Codec } from '../../../source/index.ts';

/** A sum, and of each input partition the next offset that is not in it yet. */
export interface Sum {
  readonly sum: number;
  readonly next: Readonly<Record<string, number>>;
  /** Whose it is, where there are tenants. */
  readonly tenant?: string;
}

export const sumCodec: Codec<Sum> = json<Sum>();

/** The sum with an amount from a message that may be in it already. */
export function added(
  before: Sum,
  { partition, offset }: { readonly partition: number; readonly offset: number },
  amount: number,
): Sum {
  const { sum, next } = before;
  if (offset < (next[partition] ?? 0)) return before;
  return { ...before, sum: sum + amount, next: { ...next, [partition]: offset + 1 } };
}

/** The sum of nothing. */
export const noSum: Sum = { sum: 0, next: {} };
