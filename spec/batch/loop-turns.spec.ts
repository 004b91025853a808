import test from 'ava';
import { LoopTurns } from '../../source/batch/loop-turns.ts';
import { FakeClock } from '../../source/testing/fake-clock.ts';

test('after a turn none is due for 10 ms, however many batches ask, then one is', async (t) => {
  const clock = new FakeClock();
  const turns = new LoopTurns(clock);
  turns.turned();
  for (let batch = 0; batch < 10_000; batch++) t.is(turns.due(), undefined);
  clock.sleepThrough(9.9);
  t.is(turns.due(), undefined);
  clock.sleepThrough(0.1);
  t.true(turns.due() instanceof Promise);
});

test('partitions that wait for a turn share it; the one that comes after a long batch waits for another', async (t) => {
  const clock = new FakeClock();
  const turns = new LoopTurns(clock);
  const first = turns.due();
  t.is(turns.due(), first);
  await first;
  clock.sleepThrough(200);
  const second = turns.due();
  t.true(second instanceof Promise);
  t.not(second, first);
});

test('what has come in by then is looked at before a turn is over', async (t) => {
  const turns = new LoopTurns(new FakeClock());
  const order: string[] = [];
  // From the phase in which batches continue: timers and what was read come before it again.
  await turns.next();
  setTimeout(() => order.push('timer'), 0);
  const began = performance.now();
  while (performance.now() - began < 2);
  await turns.due();
  await turns.next();
  order.push('turn');
  t.deepEqual(order, ['timer', 'turn']);
});
