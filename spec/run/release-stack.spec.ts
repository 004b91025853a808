import test from 'ava';
import { LifecycleError } from '../../source/kernel/errors.ts';
import { ReleaseStack } from '../../source/run/release-stack.ts';
import { RunOutcome } from '../../source/run/run-outcome.ts';
import { deferred } from '../_helpers/deferred.ts';

test('what was opened is released in reverse order, with the time that is left', async (t) => {
  const stack = new ReleaseStack(new RunOutcome());
  const seen: string[] = [];
  for (const name of ['monitor', 'client', 'claims'])
    await stack.opened(name, (withinMs) => void seen.push(`${name} ${withinMs}`));
  await stack.release(500);
  await stack.release(900);
  t.deepEqual(seen, ['claims 500', 'client 500', 'monitor 500']);
});

test('what fails is kept in the outcome, and the rest is released', async (t) => {
  const outcome = new RunOutcome();
  const stack = new ReleaseStack(outcome);
  const seen: string[] = [];
  const cause = new TypeError('cannot');
  const own = new LifecycleError('own');
  await stack.opened('The first could not be closed', () => void seen.push('first'));
  await stack.opened('The second could not be closed', () => Promise.reject(own));
  await stack.opened('The third could not be closed', () => {
    throw cause;
  });
  await stack.release(0);
  t.deepEqual(seen, ['first']);
  const error = t.throws(
    () => {
      outcome.throwIfCloseFailed();
    },
    {
      instanceOf: LifecycleError,
      message: 'The third could not be closed: TypeError: cannot',
    },
  );
  t.is(error.cause, cause);
  t.deepEqual(error.suppressed, [own]);
  t.is(outcome.first, error);
});

test('what a start opens after the release is released immediately', async (t) => {
  const stack = new ReleaseStack(new RunOutcome());
  await stack.release(300);
  const seen: number[] = [];
  await stack.opened('late', (withinMs) => void seen.push(withinMs));
  t.deepEqual(seen, [300]);
});

test('what a start opens while the rest is being released is released alone: what that needs stays open', async (t) => {
  const stack = new ReleaseStack(new RunOutcome());
  const seen: string[] = [];
  const gate = deferred();
  await stack.opened('client', () => void seen.push('client'));
  await stack.opened('claims', async () => {
    await gate.promise;
    seen.push('claims');
  });
  const released = stack.release(300);
  await stack.opened('late', () => void seen.push('late'));
  t.deepEqual(seen, ['late']);
  gate.resolve();
  await released;
  t.deepEqual(seen, ['late', 'claims', 'client']);
});
