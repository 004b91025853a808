import test from 'ava';
import { inputShapes, grounds } from '../../../scripts/bench/matrix.ts';
import { benchOptions } from '../../../scripts/bench/options.ts';
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
  t.is(records(100, 1), 50_000);
});

test('a sweep tries every combination of values', (t) => {
  t.deepEqual(combinations({ a: [1, 2], b: [3, 4] }), [
    { a: 1, b: 3 },
    { a: 1, b: 4 },
    { a: 2, b: 3 },
    { a: 2, b: 4 },
  ]);
});
