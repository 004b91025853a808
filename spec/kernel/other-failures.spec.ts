import test from 'ava';
import { ConfigError, LifecycleError } from '../../source/kernel/errors.ts';
import { OtherFailures } from '../../source/kernel/other-failures.ts';
import { someOf } from '../../source/kernel/some-of.ts';
import { RunOutcome } from '../../source/run/run-outcome.ts';

test('of 300 failures that differ in numbers one is kept, and how many more there were', (t) => {
  const outcome = new RunOutcome();
  const first = new LifecycleError('The process failed for in/0');
  outcome.keep(first);
  const same = new LifecycleError('The commit failed');
  for (let n = 1; n <= 300; n++) outcome.keep(new LifecycleError(`The process failed for in/${n}`));
  t.true(outcome.keep(same));
  t.false(outcome.keep(same), 'one that several parts waited for');
  t.deepEqual(
    first.suppressed.map((error) => (error as Error).message),
    ['The process failed for in/1', '299 more like this: The process failed for in/300', 'The commit failed'],
  );
});

test('many kinds of failures are counted together', (t) => {
  const kept: unknown[] = [];
  const others = new OtherFailures(kept);
  for (let n = 0; n < 200; n++) others.add(`failure ${'x'.repeat(n)}`);
  t.is(kept.length, 22);
  t.regex((kept.at(-1) as Error).message, /^179 more like this: failure x+$/);
});

test('lists in texts end', (t) => {
  t.deepEqual(someOf(['a', 'b']), ['a', 'b']);
  t.deepEqual(someOf(['a', 'b', 'c', 'd'], 2), ['a', 'b', '2 more']);
  const problems = Array.from({ length: 500 }, (_, n) => `problem ${n}`);
  const error = new ConfigError(problems);
  t.is(error.problems.length, 500);
  t.is(error.message.split('\n').length, 32);
});
