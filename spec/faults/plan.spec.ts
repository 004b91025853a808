import test from 'ava';
import { Random } from '../_helpers/schedules/random.ts';
import type { Fault, FaultNeed } from './fault.ts';
import { faults } from './fault-list.ts';
import { Plan, type Cycle } from './plan.ts';

function fault(name: string, ...needs: FaultNeed[]): Fault {
  return {
    name,
    needs,
    long: false,
    allows: [],
    plan: (random) => ({ lastsMs: random.between(0, 1_000_000) }),
    inject: () => Promise.reject(new Error('No fault is done here')),
  };
}

const kinds = [fault('a', 'worker'), fault('b', 'kafka'), fault('c', 'redis'), fault('d', 'worker')];

function cyclesOf(seed: number, count: number, pairing: 'single' | 'pairs' | 'mixed'): Cycle[] {
  const plan = new Plan(new Random(seed), kinds, pairing);
  return Array.from({ length: count }, () => plan.next(() => true));
}

const shown = (cycles: readonly Cycle[]) =>
  JSON.stringify(
    cycles.map((cycle) => cycle.map(({ fault: { name }, plan, afterMs }) => [name, plan, afterMs])),
  );

test('a seed repeats its faults, their parameters and their moments; another seed has others', (t) => {
  t.is(shown(cyclesOf(7, 30, 'mixed')), shown(cyclesOf(7, 30, 'mixed')));
  t.not(shown(cyclesOf(7, 30, 'mixed')), shown(cyclesOf(8, 30, 'mixed')));
});

test('each kind comes once before any comes again', (t) => {
  const names = cyclesOf(3, 40, 'single').map(([first]) => first?.fault.name);
  for (let i = 0; i < names.length; i += kinds.length)
    t.deepEqual(names.slice(i, i + kinds.length).toSorted(), ['a', 'b', 'c', 'd']);
});

test('two faults that need the same are not at work together', (t) => {
  const cycles = cyclesOf(5, 60, 'pairs');
  t.true(cycles.every((cycle) => cycle.length === 2));
  t.true(
    cycles.every(([first, second]) => !second?.fault.needs.some((need) => first?.fault.needs.includes(need))),
  );
});

test('only faults come that can be done where they are asked for, and such as are preferred come first', (t) => {
  const plan = new Plan(new Random(1), kinds, 'single');
  for (let i = 0; i < 20; i++) t.not(plan.next(({ name }) => name !== 'c')[0]?.fault.name, 'c');
  const preferred = plan.next(
    () => true,
    ({ name }) => name === 'c',
  );
  t.is(preferred[0]?.fault.name, 'c');
  t.throws(() => plan.next(() => false), { message: /None of the faults/ });
});

test('no two faults have one name, and the parameters of each are what JSON keeps', (t) => {
  t.is(new Set(faults.map(({ name }) => name)).size, faults.length);
  for (const each of faults) {
    const plan = each.plan(new Random(1));
    t.deepEqual(JSON.parse(JSON.stringify(plan)), plan, each.name);
    if (!each.long) t.true(plan.lastsMs <= 8_000, `${each.name} lasts ${plan.lastsMs} ms`);
  }
});
