import test from 'ava';
import fc from 'fast-check';
import { parsePartitions } from '../../../source/cli/settings/partition-ranges.ts';
import { ConfigError } from 'kasper-ts';

const good: readonly [text: string, partitions: readonly number[]][] = [
  ['0', [0]],
  ['0-3', [0, 1, 2, 3]],
  ['3-3', [3]],
  ['14,0-2', [0, 1, 2, 14]],
  [' 1 , 4 - 5 ', [1, 4, 5]],
  ['007', [7]],
  ['2147483647', [2147483647]],
];

for (const [text, partitions] of good) {
  test(`'${text}' names partitions ${partitions.join(', ')}`, (t) => {
    t.deepEqual(parsePartitions(text), [...partitions]);
  });
}

const WRITE = 'write numbers and ranges such as 0-11,14';
const bad: readonly [text: string, problems: readonly string[]][] = [
  ['', [`a number or a range is missing; ${WRITE}`]],
  ['1,,2', [`a number or a range is missing; ${WRITE}`]],
  ['a', [`'a' is neither a number nor a range; ${WRITE}`]],
  ['-1', [`'-1' is neither a number nor a range; ${WRITE}`]],
  ['1-', [`'1-' is neither a number nor a range; ${WRITE}`]],
  ['1.5', [`'1.5' is neither a number nor a range; ${WRITE}`]],
  ['0..3', [`'0..3' is neither a number nor a range; ${WRITE}`]],
  ['5-3', ["'5-3' goes down; write 3-5"]],
  ['0-3,2', ["'2' names partition 2 again, after '0-3'"]],
  ['0-3,2-9', ["'2-9' names partition 2 and 1 more again, after '0-3'"]],
  ['0-99999999', ["'0-99999999' would be more than 100000 partitions"]],
  ['2147483648', ["'2147483648': 2147483648 is beyond the last partition there can be, 2147483647"]],
  [
    '5-3,x,1,1',
    [
      "'5-3' goes down; write 3-5",
      `'x' is neither a number nor a range; ${WRITE}`,
      "'1' names partition 1 again, after '1'",
    ],
  ],
];

for (const [text, problems] of bad) {
  test(`'${text}' is refused with everything that is wrong with it`, (t) => {
    const error = t.throws(() => parsePartitions(text), { instanceOf: ConfigError });
    t.deepEqual(error.problems, [...problems]);
  });
}

test('a list of distinct partitions comes back in rising order however it is written', (t) => {
  const lists = fc.uniqueArray(fc.nat(5000), { minLength: 1, maxLength: 50 });
  fc.assert(
    fc.property(lists, (list) => {
      t.deepEqual(
        parsePartitions(list.join(',')),
        [...list].sort((a, b) => a - b),
      );
    }),
  );
});
