import type { Io } from './io.ts';

/** Lines that are longer are hard to read, however wide the terminal is. */
const WIDEST = 100;

/** How wide a help may be. What goes to a pager is read on the terminal that has the errors. */
export function helpWidth({ stdout, stderr }: Pick<Io, 'stdout' | 'stderr'>): number {
  return Math.min(WIDEST, stdout.columns ?? stderr.columns ?? WIDEST);
}
