import test from 'ava';
import { judge, type CpuPair } from '../../../scripts/bench/gate/verdict.ts';

const pairs = (...ratios: readonly number[]): Map<string, CpuPair[]> =>
  new Map([['copy', ratios.map((ratio) => ({ kasper: ratio * 10, kafkajs: 10 }))]]);

test('A job passes up to 15 % above its recorded ratio', (t) => {
  const verdict = judge(pairs(0.114, 0.114, 0.114), { copy: 0.1 });
  t.is(verdict.failures.size, 0);
  t.deepEqual(verdict.ratios, { copy: 0.114 });
  t.deepEqual(verdict.lines, [
    'copy: 1.14 CPU s per million, kafkajs 10.00: ratio 0.114, recorded 0.100 (+14 %)',
  ]);
});

test('A job that is dearer fails with its name, both ratios and how to record anew', (t) => {
  t.is(
    judge(pairs(0.12, 0.12, 0.12), { copy: 0.1 }).failures.get('copy'),
    'copy: ratio 0.120 to kafkajs, recorded 0.100: +20 %, more than the 15 % that are allowed. ' +
      'Make it cheaper, or, if it must cost that, record anew: npm run bench -- gate --record',
  );
});

test('Single runs that are dearer, as a busy machine has them, change nothing', (t) => {
  t.is(judge(pairs(0.1, 0.9, 0.1, 0.8, 0.1), { copy: 0.1 }).failures.size, 0);
  t.is(judge(pairs(0.1, 0.9, 0.9, 0.8, 0.1), { copy: 0.1 }).failures.size, 1);
});

test('A job without a recorded ratio fails', (t) => {
  t.is(
    judge(pairs(0.1), { consume: 0.1 }).failures.get('copy'),
    'copy: no ratio is recorded. Record it: npm run bench -- gate --record',
  );
});
