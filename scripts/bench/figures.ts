import type { Measurement } from './measure.ts';

/** The middle of some numbers, and how far they are apart; NaN for none. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** What the runs of one contender at one job come to. */
export interface Figures {
  readonly recordsPerSecond: Spread;
  readonly cpuSecondsPerMillion: Spread;
  /** The most of all runs. */
  readonly peakMegabytes: number;
  /** The median of the runs, 0 to 1. */
  readonly collectorShare: number;
}

/** The number in the middle; of an even count the mean of the two there. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const above = sorted[Math.floor(middle)] ?? NaN;
  return Number.isInteger(middle) ? ((sorted[middle - 1] ?? NaN) + above) / 2 : above;
}

export function spreadOf(numbers: readonly number[]): Spread {
  if (numbers.length === 0) return { median: NaN, min: NaN, max: NaN };
  return { median: median(numbers), min: Math.min(...numbers), max: Math.max(...numbers) };
}

/** The figures of at least one run. */
export function figuresOf(runs: readonly Measurement[]): Figures {
  return {
    recordsPerSecond: spreadOf(runs.map(({ records, seconds }) => records / seconds)),
    cpuSecondsPerMillion: spreadOf(runs.map(({ records, cpuSeconds }) => (cpuSeconds / records) * 1e6)),
    peakMegabytes: Math.max(...runs.map(({ peakMegabytes }) => peakMegabytes)),
    collectorShare: median(runs.map(({ collectorShare }) => collectorShare)),
  };
}

/** How many times the median rate of a peer this one is. */
export function ratio(own: Figures, peer: Figures): number {
  return own.recordsPerSecond.median / peer.recordsPerSecond.median;
}
