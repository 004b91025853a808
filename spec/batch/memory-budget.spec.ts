import test from 'ava';
import { MemoryBudget } from '../../source/batch/memory-budget.ts';

const MiB = 1024 * 1024;
const KiB = 1024;

function budgetOf(maxBytes = MiB): { budget: MemoryBudget; refused: () => number } {
  let refused = 0;
  const budget = new MemoryBudget(maxBytes);
  budget.join({ busy: false, bufferedBytes: 1, relieve: () => refused++ });
  return { budget, refused: () => refused };
}

test('reservations and charges come off what is available, and go back', (t) => {
  const { budget } = budgetOf();
  t.is(budget.reserve(300 * KiB), 300 * KiB);
  budget.charge(200 * KiB);
  t.is(budget.available, 524 * KiB);
  t.is(budget.charged, 200 * KiB);
  budget.release(300 * KiB);
  budget.refund(200 * KiB);
  t.is(budget.available, MiB);
  t.is(budget.charged, 0);
});

test('less is granted than asked for as long as it is worth a request', (t) => {
  const { budget, refused } = budgetOf();
  budget.charge(MiB - 300 * KiB);
  t.is(budget.reserve(4 * MiB), 300 * KiB);
  t.is(budget.available, 0);
  t.is(budget.reserve(1), 0);
  t.is(refused(), 1);
});

test('little is granted to who asks for little', (t) => {
  const { budget, refused } = budgetOf();
  budget.charge(MiB - 100);
  t.is(budget.reserve(100), 100);
  t.is(refused(), 0);
});

test('an overshoot leaves less than nothing, and nothing is granted', (t) => {
  const { budget, refused } = budgetOf();
  budget.charge(3 * MiB);
  t.is(budget.available, -2 * MiB);
  t.is(budget.reserve(100), 0);
  t.is(refused(), 1);
});

test('who was refused is called once, when there is enough again', (t) => {
  const { budget } = budgetOf();
  budget.charge(MiB);
  t.is(budget.reserve(MiB), 0);
  const called: string[] = [];
  budget.onceFree(() => called.push('first'));
  budget.onceFree(() => called.push('second'));
  t.true(budget.isShort);
  budget.refund(100 * KiB);
  t.deepEqual(called, []);
  budget.refund(200 * KiB);
  t.deepEqual(called, ['first', 'second']);
  t.false(budget.isShort);
  budget.refund(700 * KiB);
  t.deepEqual(called, ['first', 'second']);
});

test('who is called may ask again at once, and wait again', (t) => {
  const { budget } = budgetOf();
  budget.charge(MiB);
  let granted = -1;
  let calls = 0;
  const again = () => {
    calls++;
    granted = budget.reserve(MiB);
    if (calls === 1) budget.onceFree(again);
  };
  budget.onceFree(again);
  budget.refund(300 * KiB);
  t.is(calls, 1);
  t.is(granted, 300 * KiB);
  t.true(budget.isShort);
  budget.release(300 * KiB);
  t.is(calls, 2);
});

test('nobody who waits: it is not short', (t) => {
  const { budget } = budgetOf();
  budget.charge(MiB);
  t.false(budget.isShort);
});

test('a fetch that is refused has the largest holder that is idle process what it holds', (t) => {
  const budget = new MemoryBudget(MiB);
  const relieved: string[] = [];
  const holder = (name: string, bufferedBytes: number, busy: boolean) => ({
    busy,
    bufferedBytes,
    relieve: () => relieved.push(name),
  });
  const large = holder('large', 200, false);
  budget.join(holder('small', 100, false));
  budget.join(large);
  budget.join(holder('busy', 300, true));
  budget.join(holder('empty', 0, false));
  budget.charge(MiB);
  budget.reserve(1);
  t.deepEqual(relieved, ['large']);
  budget.leave(large);
  budget.reserve(1);
  t.deepEqual(relieved, ['large', 'small']);
});
