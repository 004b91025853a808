import test from 'ava';
import { kafkajs } from '../../../scripts/bench/contenders/kafkajs.ts';
import { kasper } from '../../../scripts/bench/contenders/kasper.ts';
import { platformatic } from '../../../scripts/bench/contenders/platformatic.ts';
import type { Ground } from '../../../scripts/bench/ground.ts';
import { inputShapes, grounds } from '../../../scripts/bench/matrix.ts';
import { benchOptions } from '../../../scripts/bench/options.ts';
import { planOf } from '../../../scripts/bench/plan.ts';
import { jobs } from '../../../scripts/bench/jobs/jobs.ts';
import { combinations } from '../../../scripts/bench/sweep.ts';

test('values separated by commas make a matrix', (t) => {
  const options = benchOptions([
    '--job=copy',
    '--value-bytes=100,1000',
    '--compression=none,lz4',
    '--partitions=1,64',
    '--batch=1,10000',
  ]);
  t.deepEqual(options.jobs, ['copy']);
  t.deepEqual(options.batches, [1, 10_000]);
  t.is(grounds(options).length, 8);
  t.deepEqual(grounds(options)[0], { valueBytes: 100, compression: 'none', partitions: 1 });
  t.deepEqual(grounds(options)[7], { valueBytes: 1000, compression: 'lz4', partitions: 64 });
});

test('without peers this project is measured alone', (t) => {
  t.deepEqual(benchOptions(['--peer=none']).peers, []);
});

for (const [title, args, expected] of [
  ['an unknown job', ['--job=copi'], /--job copi is not known: consume, copy/],
  ['an unknown peer', ['--peer=kafkajs,sarama'], /--peer sarama is not known/],
  ['an unknown codec', ['--compression=brotli'], /--compression brotli is not known/],
  ['text in place of a number', ['--runs=many'], /--runs must be a whole number from 1, not 'many'/],
  ['an empty number', ['--batch=100,'], /--batch must be a whole number from 1, not ''/],
  ['no records', ['--records=0'], /--records must be a whole number from 1, not '0'/],
  ['an unknown option', ['--recods=5'], /--recods/],
  ['a word that is no option', ['copy'], /copy/],
] as const) {
  test(`${title} is refused, with the usage`, (t) => {
    const error = t.throws(() => benchOptions(args), { message: expected });
    t.regex(error.message, /npm run bench -- \[options\]/);
  });
}

test('a run reads no more than some seconds need, whatever the size of its values and batches', (t) => {
  const records = (valueBytes: number, batch: number | undefined) =>
    inputShapes(
      jobs.copy,
      { valueBytes, compression: 'none', partitions: 4 },
      { records: 2_000_000, keys: 100_000, batch },
    )[0]?.records;
  t.is(records(100, 10_000), 2_000_000);
  t.is(records(100, undefined), 2_000_000);
  t.is(records(10_000, 10_000), Math.floor((512 * 1024 * 1024) / 10_007));
  t.is(records(100, 1), 20_000);
});

test('a contender that waits for each commit has the largest batches alone, one that has none a single row', (t) => {
  const options = benchOptions(['--job=copy', '--batch=1000,10000', '--steady', '--records=1000']);
  const ready = [kasper, platformatic, kafkajs].map((contender) => ({
    ...contender,
    prepared: { version: '1.2.3', program: '', args: [] },
  }));
  const [planned] = planOf(options, ready);
  t.deepEqual(
    planned?.rows.map(({ contender, batch }) => [contender.name, batch]),
    [
      ['kasper-ts', 1000],
      ['kasper-ts', 10_000],
      ['platformatic', 10_000],
      ['kafkajs', undefined],
    ],
  );
  t.deepEqual(
    planned?.rows.map(({ shortInputs }) => shortInputs?.[0]?.records),
    [250, 250, 250, 250],
  );
});

test('only the peers that were asked for have rows', (t) => {
  const ready = [kasper, platformatic, kafkajs].map((contender) => ({
    ...contender,
    prepared: { version: '1.2.3', program: '', args: [] },
  }));
  const names = (args: readonly string[]) =>
    planOf(benchOptions(['--job=copy', '--batch=1000', ...args]), ready).flatMap(({ rows }) =>
      rows.map(({ contender }) => contender.name),
    );
  t.deepEqual(names(['--peer=kafkajs']), ['kasper-ts', 'kafkajs']);
  t.deepEqual(names(['--peer=none']), ['kasper-ts']);
});

test('a contender that cannot work with topics of a kind has no row there, and is named with the reason', (t) => {
  const lacking = {
    ...kafkajs,
    lacks: ({ compression }: Ground) => (compression === 'zstd' ? 'it has no zstd' : undefined),
    prepared: { version: '1.2.3', program: '', args: [] },
  };
  const plan = planOf(benchOptions(['--job=copy', '--compression=lz4,zstd']), [lacking]);
  t.deepEqual(
    plan.map(({ rows, leftOut }) => [rows.length, leftOut]),
    [
      [1, []],
      [0, [{ contender: 'kafkajs', why: 'it has no zstd' }]],
    ],
  );
});

test('a setting that makes no difference to a job is not swept', (t) => {
  t.deepEqual(Object.keys(platformatic.sweep?.('copy') ?? {}), [
    'highWaterMark',
    'maxBytesPerPartition',
    'messagesPerSend',
  ]);
  t.deepEqual(Object.keys(platformatic.sweep?.('consume') ?? {}), ['highWaterMark', 'maxBytesPerPartition']);
});

test('a sweep tries every combination of values', (t) => {
  t.deepEqual(combinations({ a: [1, 2], b: [3, 4] }), [
    { a: 1, b: 3 },
    { a: 1, b: 4 },
    { a: 2, b: 3 },
    { a: 2, b: 4 },
  ]);
});
