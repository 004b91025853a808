import test from 'ava';
import { until } from '../../../scripts/services/until.ts';

test('until resolves with the first answer that is neither undefined, null nor false', async (t) => {
  const answers = [undefined, null, false, 0];
  t.is(await until(() => answers.shift(), { deadlineMs: 5_000, what: 'an answer', everyMs: 1 }), 0);
  t.deepEqual(answers, []);
});

test('until says what it waited for, for how long, and what it saw last', async (t) => {
  await t.throwsAsync(
    until(() => false, { deadlineMs: 5, what: 'the moon', everyMs: 1 }),
    { message: 'Waited 5 ms for the moon; the last answer was false' },
  );
});

test('an error of the predicate ends the wait, unless errors mean not yet', async (t) => {
  const error = new Error('broken');
  const fail = () => Promise.reject(error);
  t.is(await t.throwsAsync(until(fail, { deadlineMs: 5_000, what: 'it' })), error);
  const late = await t.throwsAsync(until(fail, { deadlineMs: 5, what: 'it', everyMs: 1, retryErrors: true }));
  t.is(late.cause, error);
  t.is(late.message, 'Waited 5 ms for it; the last try failed: Error: broken');
});
