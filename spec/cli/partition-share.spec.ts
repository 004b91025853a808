import test from 'ava';
import fc from 'fast-check';
import { ConfigError } from 'kasper-ts';
import { parseShare, partitionShare } from '../../source/cli/partition-share.ts';

test('every partition is in one share, shares are neighbours in order, and their sizes differ by one at most', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 200 }), (partitions, wanted) => {
      const count = Math.min(partitions, wanted);
      const shares = Array.from({ length: count }, (_, index) =>
        partitionShare({ index, count }, partitions),
      );
      t.deepEqual(
        shares.flat(),
        Array.from({ length: partitions }, (_, partition) => partition),
      );
      const sizes = shares.map(({ length }) => length);
      t.true(Math.max(...sizes) - Math.min(...sizes) <= 1);
      t.true(Math.min(...sizes) >= 1);
    }),
    { numRuns: 200 },
  );
});

test('0/3 is the first of three', (t) => {
  t.deepEqual(partitionShare(parseShare('0/3'), 12), [0, 1, 2, 3]);
  t.deepEqual(partitionShare(parseShare(' 2 / 3 '), 11), [7, 8, 9, 10]);
});

test('what is no share is refused, with what would be one', (t) => {
  const cases: readonly (readonly [() => unknown, string])[] = [
    [() => parseShare('3'), "share: '3' is not a share; write 0/3 for the first of three"],
    [() => parseShare('-1/3'), "share: '-1/3' is not a share; write 0/3 for the first of three"],
    [
      () => parseShare('3/3'),
      "share: '3/3' does not exist: shares count from 0; of 3 the first is 0/3, the last 2/3",
    ],
    [() => parseShare('0/0'), "share: '0/0' does not exist: shares count from 0"],
    [
      () => partitionShare({ index: 0, count: 5 }, 4),
      'share: 4 partitions cannot be shared by 5 processes: at least one each; start 4 at most',
    ],
  ];
  for (const [call, message] of cases) t.is(t.throws(call, { instanceOf: ConfigError })?.message, message);
});
