import test from 'ava';
import { afterTurning } from '../../source/kernel/after-turning.ts';
import { systemClock } from '../../source/kernel/clock.ts';
import { FakeClock } from '../../source/testing/fake-clock.ts';
import { spin } from '../_helpers/spin.ts';

test('a limit is over after its time, and not before', async (t) => {
  const clock = new FakeClock();
  let fired = 0;
  afterTurning(clock, 1_100, () => fired++);
  await clock.advance(1_099);
  t.is(fired, 0);
  await clock.advance(1);
  t.is(fired, 1);
  t.is(clock.pending, 0);
});

test('time in which the event loop does not turn does not count', async (t) => {
  const clock = new FakeClock();
  let fired = 0;
  afterTurning(clock, 5_000, () => fired++);
  await clock.advance(2_000);
  clock.sleepThrough(60_000);
  await clock.advance(2_500);
  t.is(fired, 0);
  await clock.advance(500);
  t.is(fired, 1);
});

test('a limit that is called off is never over, also not while the sockets are looked at', async (t) => {
  const clock = new FakeClock();
  let fired = 0;
  const early = afterTurning(clock, 5_000, () => fired++);
  await clock.advance(1_000);
  early.cancel();
  await clock.advance(10_000);
  t.is(fired, 0);
  const late = afterTurning(systemClock, 1, () => fired++);
  // Fires in the same phase of the event loop, before the sockets are looked at.
  setTimeout(() => {
    late.cancel();
  }, 1);
  spin(5);
  await new Promise((resolve) => setTimeout(resolve, 20));
  t.is(fired, 0);
});
