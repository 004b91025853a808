import test from 'ava';
import { SendTime } from '../../source/batch/send-time.ts';

function setUp() {
  const clock = { ms: 1_700_000_000_000, asked: 0 };
  const time = new SendTime({
    wallNow: () => {
      clock.asked++;
      return clock.ms;
    },
  });
  const next = (count: number): number[] => Array.from({ length: count }, () => time.now());
  return { clock, next };
}

test('sixteen records that are sent in a row have one time, and the next ones another', (t) => {
  const { clock, next } = setUp();
  const began = clock.ms;
  t.deepEqual(next(10), Array<number>(10).fill(began));
  clock.ms += 7;
  t.deepEqual(next(8), [...Array<number>(6).fill(began), began + 7, began + 7]);
  t.is(clock.asked, 2);
});

test('what is sent after an await, however short, has the time of then', async (t) => {
  const { clock, next } = setUp();
  const began = clock.ms;
  for (let waits = 0; waits < 3; waits++) {
    t.deepEqual(next(2), [began + waits, began + waits]);
    clock.ms += 1;
    await Promise.resolve();
  }
  t.is(clock.asked, 3);
});

test('a clock that is set back is followed', async (t) => {
  const { clock, next } = setUp();
  next(1);
  clock.ms -= 3_600_000;
  await Promise.resolve();
  t.deepEqual(next(1), [clock.ms]);
});
