import test from 'ava';
import { sleep, systemClock } from '../../source/kernel/clock.ts';
import { checkDurations, durationProblem, LONGEST_TIMER_MS } from '../../source/kernel/duration.ts';
import { ConfigError } from '../../source/kernel/errors.ts';

for (const bad of [NaN, -1, Infinity, '5', undefined, null, 5n]) {
  test(`${typeof bad} ${String(bad)} is no duration`, (t) => {
    t.regex(String(durationProblem(bad)), /^must be a number of milliseconds, at least 0, not /);
  });
}

test('zero, fractions and long durations are durations', (t) => {
  for (const good of [0, 0.5, LONGEST_TIMER_MS, 2 ** 40]) t.is(durationProblem(good), undefined);
});

test('a wait that is longer than one timer can hold does not end immediately', async (t) => {
  const controller = new AbortController();
  let isOver = false;
  const waiting = sleep(systemClock, 2 ** 40, controller.signal).then(() => (isOver = true));
  await sleep(systemClock, 20);
  t.false(isOver);
  const reason = new Error('enough');
  controller.abort(reason);
  t.is(await t.throwsAsync(waiting), reason);
});

test('durations that are given are checked together', (t) => {
  t.notThrows(() => {
    checkDurations('reader', { aMs: undefined, bMs: 5 });
  });
  const error = t.throws(
    () => {
      checkDurations('reader', { aMs: NaN, bMs: 5, cMs: -1 });
    },
    { instanceOf: ConfigError },
  );
  t.deepEqual(error.problems, [
    'aMs must be a number of milliseconds, at least 0, not NaN',
    'cMs must be a number of milliseconds, at least 0, not -1',
  ]);
});
