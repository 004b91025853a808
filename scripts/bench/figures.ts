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

/**
 * What the start of a contender costs, and what each further record does: two lengths of run tell
 * them apart. The start is what a run over no records would cost: loading, connecting, joining a
 * group, and that the code is not compiled yet.
 */
export interface Steady {
  readonly startSeconds: number;
  readonly startCpuSeconds: number;
  /** Further records a second. */
  readonly recordsPerSecond: number;
  /** Of a million further records. */
  readonly cpuSecondsPerMillion: number;
}

/**
 * Start and further records apart, from runs over many records and runs over fewer. undefined where
 * the longer ones did not cost more, so that the runs say nothing of it.
 */
export function steadyOf(long: readonly Measurement[], short: readonly Measurement[]): Steady | undefined {
  const seconds = lineThrough(long, short, (run) => run.seconds);
  const cpuSeconds = lineThrough(long, short, (run) => run.cpuSeconds);
  // Not so for NaN either, of no runs.
  if (!(seconds.slope > 0 && cpuSeconds.slope > 0)) return undefined;
  return {
    startSeconds: Math.max(0, seconds.start),
    startCpuSeconds: Math.max(0, cpuSeconds.start),
    recordsPerSecond: 1 / seconds.slope,
    cpuSecondsPerMillion: cpuSeconds.slope * 1e6,
  };
}

function lineThrough(
  long: readonly Measurement[],
  short: readonly Measurement[],
  figure: (run: Measurement) => number,
): { readonly start: number; readonly slope: number } {
  const records = median(short.map((run) => run.records));
  const least = median(short.map(figure));
  const slope = (median(long.map(figure)) - least) / (median(long.map((run) => run.records)) - records);
  return { slope, start: least - slope * records };
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
