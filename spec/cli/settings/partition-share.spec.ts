import test from 'ava';
import fc from 'fast-check';
import { ConfigError } from 'kasper-ts';
import { parseShare, partitionShare, shareOf } from '../../../source/cli/settings/partition-share.ts';

const upTo = (count: number) => Array.from({ length: count }, (_, partition) => partition);

test('every partition is in one share, shares are neighbours in order, and their sizes differ by one at most', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 200 }), (partitions, wanted) => {
      const count = Math.min(partitions, wanted);
      const shares = Array.from({ length: count }, (_, index) =>
        partitionShare({ index, count }, upTo(partitions)),
      );
      t.deepEqual(shares.flat(), upTo(partitions));
      const sizes = shares.map(({ length }) => length);
      t.true(Math.max(...sizes) - Math.min(...sizes) <= 1);
      t.true(Math.min(...sizes) >= 1);
    }),
    { numRuns: 200 },
  );
});

test('0/3 is the first of three', (t) => {
  t.deepEqual(partitionShare(parseShare('0/3'), upTo(12)), [0, 1, 2, 3]);
  t.deepEqual(partitionShare(parseShare(' 2 / 3 '), upTo(11)), [7, 8, 9, 10]);
});

test('a share is one of the partitions that are named, all of them without a share', (t) => {
  t.deepEqual(shareOf({ share: '1/2' }, [7, 4, 9, 12]), [9, 12]);
  t.deepEqual(shareOf({}, [7, 4]), [7, 4]);
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
      () => partitionShare({ index: 0, count: 5 }, upTo(4)),
      'share: 4 partitions cannot be shared by 5 processes: each needs at least one; start at most 4',
    ],
  ];
  for (const [call, message] of cases) t.is(t.throws(call, { instanceOf: ConfigError })?.message, message);
});
