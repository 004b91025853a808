import test from 'ava';
import { figuresOf, median, ratio, spreadOf, steadyOf } from '../../../scripts/bench/figures.ts';
import type { Measurement } from '../../../scripts/bench/measure.ts';

const measured = (seconds: number, more: Partial<Measurement> = {}): Measurement => ({
  records: 1_000_000,
  seconds,
  cpuSeconds: 2,
  peakMegabytes: 100,
  collectorShare: 0.1,
  sums: {},
  ...more,
});

test('the median is the number in the middle, and of an even count the mean of the two there', (t) => {
  t.is(median([3, 1, 2]), 2);
  t.is(median([4, 1, 2, 3]), 2.5);
  t.is(median([10, 9]), 9.5);
  t.is(median([5]), 5);
  t.is(median([]), NaN);
});

test('numbers are compared as numbers, and left as they are', (t) => {
  const numbers = [100, 9, 20];
  t.deepEqual(spreadOf(numbers), { median: 20, min: 9, max: 100 });
  t.deepEqual(numbers, [100, 9, 20]);
});

test('figures are medians of runs, and the peak is the most of all', (t) => {
  const figures = figuresOf([
    measured(2, { cpuSeconds: 1, peakMegabytes: 120, collectorShare: 0.3 }),
    measured(1, { cpuSeconds: 3, peakMegabytes: 180, collectorShare: 0.1 }),
    measured(4, { cpuSeconds: 2, peakMegabytes: 150, collectorShare: 0.2 }),
  ]);
  t.deepEqual(figures, {
    recordsPerSecond: { median: 500_000, min: 250_000, max: 1_000_000 },
    cpuSecondsPerMillion: { median: 2, min: 1, max: 3 },
    peakMegabytes: 180,
    collectorShare: 0.2,
  });
});

test('runs of other numbers of records have figures per record', (t) => {
  const { recordsPerSecond, cpuSecondsPerMillion } = figuresOf([
    measured(2, { records: 500_000, cpuSeconds: 1 }),
  ]);
  t.is(recordsPerSecond.median, 250_000);
  t.is(cpuSecondsPerMillion.median, 2);
});

test('a ratio says how many times the median rate of the peer it is', (t) => {
  t.is(ratio(figuresOf([measured(1)]), figuresOf([measured(4), measured(2), measured(5)])), 4);
});

test('runs of two lengths tell the start apart from what further records cost', (t) => {
  // A start of 0.5 s and 0.4 CPU seconds, then a million records a second for 0.8 CPU seconds.
  const run = (records: number, more = 0) =>
    measured(0.5 + records / 1e6 + more, { records, cpuSeconds: 0.4 + (records * 0.8) / 1e6 + more });
  const long = [run(1_000_000, 3), run(1_000_000), run(1_000_000)];
  const short = [run(250_000), run(250_000, 5), run(250_000)];
  const { startSeconds, startCpuSeconds, recordsPerSecond, cpuSecondsPerMillion } = steadyOf(long, short) ?? {
    startSeconds: NaN,
    startCpuSeconds: NaN,
    recordsPerSecond: NaN,
    cpuSecondsPerMillion: NaN,
  };
  t.is(startSeconds.toFixed(6), '0.500000');
  t.is(startCpuSeconds.toFixed(6), '0.400000');
  t.is(Math.round(recordsPerSecond), 1_000_000);
  t.is(cpuSecondsPerMillion.toFixed(6), '0.800000');
});

test('where longer runs did not cost more, or there are none, nothing is said of a start', (t) => {
  t.is(steadyOf([measured(1)], [measured(2, { records: 250_000 })]), undefined);
  t.is(steadyOf([measured(2)], []), undefined);
  t.is(steadyOf([], []), undefined);
});
