import test from 'ava';
import { jobNames } from '../../../scripts/bench/jobs/job-names.ts';
import { benchOptions } from '../../../scripts/bench/options.ts';
import type { ComparisonReport, RowReport } from '../../../scripts/bench/report.ts';
import { TimeLeft, type ExpectedTime } from '../../../scripts/bench/results/expected-time.ts';
import { pageText } from '../../../scripts/bench/results/page.ts';
import { parts, resultsOptions, type Part } from '../../../scripts/bench/results/parts.ts';

const row = (contender: string, batch: number | null, more: Partial<RowReport> = {}): RowReport => ({
  contender,
  version: '1.2.3',
  batch,
  settings: {},
  records: 1000,
  recordsPerSecond: { median: 500_000, min: 400_000, max: 600_000 },
  cpuSecondsPerMillion: { median: 2, min: 1, max: 3 },
  peakMegabytes: 150,
  collectorShare: 0.1,
  ratios: {},
  runs: [],
  shortRuns: [],
  failures: [],
  ...more,
});
const report = (rows: readonly RowReport[], more: Partial<ComparisonReport> = {}): ComparisonReport => ({
  job: 'copy',
  title: 'send on',
  valueBytes: 100,
  compression: 'none',
  partitions: 4,
  keys: 1000,
  rows,
  ...more,
});
const part: Part = { title: 'All', text: 'Why.', options: '--job copy' };
const page = { about: 'Node v20', leftOut: [], minutes: undefined };

/** Comparisons that take ten seconds a run. */
const expected = (count: number): ExpectedTime[] =>
  Array.from({ length: count }, () => ({ fillSeconds: 0, roundSeconds: 10, runs: 3 }));

test('each part is a command that exists, and all of them have each job, size, codec and number of partitions', (t) => {
  const all = parts.map(({ options }) => benchOptions(options.split(' ')));
  const values = <Value>(of: (options: (typeof all)[number]) => readonly Value[]) => new Set(all.flatMap(of));
  t.deepEqual([...values(({ jobs }) => jobs)].toSorted(), [...jobNames].toSorted());
  t.deepEqual(
    [...values(({ batches }) => batches)].toSorted((a, b) => a - b),
    [1, 100, 1000, 10_000],
  );
  t.deepEqual(
    [...values(({ valueBytes }) => valueBytes)].toSorted((a, b) => a - b),
    [100, 1000, 10_000],
  );
  t.deepEqual(
    [...values(({ partitions }) => partitions)].toSorted((a, b) => a - b),
    [1, 4, 64, 1000],
  );
  t.deepEqual([...values(({ compressions }) => compressions)].toSorted(), ['gzip', 'lz4', 'none', 'zstd']);
});

test('what is given is for the page or for each part', (t) => {
  t.deepEqual(
    resultsOptions(['--minutes', '5', '--runs', '2', '--file=/tmp/page.md', '--metrics'], 'usual.md'),
    {
      file: '/tmp/page.md',
      minutes: 5,
      only: '',
      others: ['--runs', '2', '--metrics'],
    },
  );
  t.is(resultsOptions([], 'usual.md').file, 'usual.md');
  t.throws(() => resultsOptions(['--minutes', 'soon'], 'usual.md'), { message: /--minutes must be/ });
});

test('each comparison has the runs that there is time for, if those after it have one less', (t) => {
  const time = new TimeLeft(100, () => 0);
  t.is(time.runsFor(expected(1)), 3);
  t.is(time.runsFor(expected(4)), 3, '30 s and three times 20 s');
  t.is(time.runsFor(expected(5)), 2, '20 s and four times 10 s');
  t.is(time.runsFor(expected(50)), 1);
  t.is(time.runsFor([{ fillSeconds: 0, roundSeconds: 1, runs: 1 }]), 1, 'no more than are wanted');
});

test('what took longer than expected makes the rest longer, too', (t) => {
  let nowMs = 0;
  const time = new TimeLeft(100, () => nowMs);
  const [one, ...rest] = expected(4);
  if (one === undefined) throw new Error('none is expected');
  nowMs = 40_000;
  time.done(one, 2);
  t.is(time.elapsedSeconds, 40);
  t.is(time.expectedSeconds(rest, 3), 180);
  t.is(time.runsFor(rest), 1, 'of 60 s that are left, one run each takes them all');
});

test('the page has what was measured until now, and says that it is not all', (t) => {
  const results = [
    {
      part,
      options: '--job copy',
      reports: [{ report: report([row('kasper-ts', 10_000)]), runs: 3, leftOut: [] }],
    },
    { part: { ...part, title: 'Codecs' }, options: '--compression lz4', reports: [] },
  ];
  const text = pageText({ ...page, results });
  t.true(text.includes('## All\n\n`--job copy`\n\nWhy. Medians of 3 runs.\n'));
  t.true(text.includes('| kasper-ts | 10,000 | 500 (400 to 600) |'));
  t.false(text.includes('## Codecs'));
  t.regex(text, /Not all was measured/);
  t.regex(pageText({ ...page, results, minutes: 33.2 }), /All of it was measured in 34 minutes\.\n$/);
});

test('rows of the tables above with the same batches are shown again, without those of other contenders', (t) => {
  const base = report([
    row('kasper-ts', 10_000, {
      steady: { startSeconds: 1, startCpuSeconds: 1, recordsPerSecond: 1, cpuSecondsPerMillion: 1 },
    }),
    row('kasper-ts', 1000),
    row('kafkajs', null),
    row('franz-go', 10_000),
  ]);
  const sized = report([row('kasper-ts', 10_000), row('kafkajs', null)], { valueBytes: 1000 });
  const text = pageText({
    ...page,
    results: [
      { part, options: '--job copy', reports: [{ report: base, runs: 3, leftOut: [] }] },
      {
        part: { ...part, title: 'Sizes', besides: [10_000] },
        options: '--value-bytes 1000',
        reports: [{ report: sized, runs: 2, leftOut: [] }],
      },
    ],
  });
  const sizes = text.slice(text.indexOf('## Sizes')).split('\n');
  t.deepEqual(
    sizes.filter((line) => line.startsWith('| 1')).map((line) => line.split(' | ').slice(0, 3).join(' | ')),
    [
      '| 100 | kasper-ts | 10,000',
      '| 100 | kafkajs | as fetched',
      '| 1,000 | kasper-ts | 10,000',
      '| 1,000 | kafkajs | as fetched',
    ],
  );
  t.false(sizes.some((line) => line.includes('further')));
});

test('rows on the same topics are together, those of a contender with smaller batches first', (t) => {
  const base = report([row('kasper-ts', 10_000), row('franz-go', 10_000)]);
  const small = report([row('kasper-ts', 1), row('kasper-ts', 100), row('franz-go', 1)]);
  const text = pageText({
    ...page,
    results: [
      { part, options: '--job copy', reports: [{ report: base, runs: 3, leftOut: [] }] },
      {
        part: { ...part, title: 'Batches', besides: [10_000] },
        options: '--batch 1,100',
        reports: [{ report: small, runs: 3, leftOut: [] }],
      },
    ],
  });
  const lines = text.slice(text.indexOf('## Batches')).split('\n');
  t.deepEqual(
    lines
      .filter((line) => /^\| (kasper|franz)/.test(line))
      .map((line) => line.split(' | ').slice(0, 2).join(' | ')),
    ['| kasper-ts | 1', '| kasper-ts | 100', '| kasper-ts | 10,000', '| franz-go | 1', '| franz-go | 10,000'],
  );
});

test('what cannot run, and what failed, is named with the reason', (t) => {
  const failed = row('kafkajs', null, {
    failures: [
      'it ended with 1\na page\nSomeError: no luck\n  a stack',
      'it ended with 1\nSomeError: no luck',
    ],
  });
  const text = pageText({
    ...page,
    leftOut: [{ contender: 'franz-go', why: 'go was not found on PATH' }],
    results: [
      {
        part,
        options: '--job copy',
        reports: [
          { report: report([failed]), runs: 3, leftOut: [{ contender: 'platformatic', why: 'it has none' }] },
        ],
      },
    ],
  });
  t.true(text.includes('franz-go is left out: go was not found on PATH.'));
  t.true(text.includes('Failed:\n\n- copy, kafkajs: it ended with 1: SomeError: no luck\n'));
  t.true(text.includes('Left out: platformatic with codec none, 100 bytes and 4 partitions: it has none.'));
  t.false(text.includes('a stack'));
});
