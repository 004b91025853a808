import test from 'ava';
import {
  partitionTransitions,
  PartitionState,
  type PartitionStateName,
} from '../../source/batch/partition-states.ts';
import { LifecycleError } from '../../source/kernel/errors.ts';

const names = Object.keys(partitionTransitions) as PartitionStateName[];
const ways: Readonly<Record<PartitionStateName, readonly PartitionStateName[]>> = {
  gained: [],
  running: ['running'],
  held: ['running', 'held'],
  revoking: ['running', 'revoking'],
  failed: ['running', 'failed'],
  gone: ['revoking', 'gone'],
};

function at(name: PartitionStateName): PartitionState {
  const state = new PartitionState();
  for (const next of ways[name]) state.to(next);
  return state;
}

test('the table has the transitions of the drawing, and no other', (t) => {
  t.deepEqual(partitionTransitions, {
    gained: ['running', 'revoking'],
    running: ['held', 'revoking', 'failed'],
    held: ['running', 'revoking', 'failed'],
    revoking: ['gone', 'failed'],
    failed: [],
    gone: [],
  });
});

for (const from of names) {
  for (const to of names) {
    if (partitionTransitions[from].includes(to)) {
      test(`${from} may become ${to}`, (t) => {
        const state = at(from);
        state.to(to);
        t.is(state.name, to);
      });
    } else {
      test(`${from} cannot become ${to}`, (t) => {
        const state = at(from);
        t.throws(
          () => {
            state.to(to);
          },
          {
            instanceOf: LifecycleError,
            message: `A partition that is '${from}' cannot become '${to}'`,
          },
        );
        t.is(state.name, from);
      });
    }
  }
}

test('batches begin while it is running, and never again from revoking on', (t) => {
  t.deepEqual(
    names.filter((name) => at(name).isRunning),
    ['running'],
  );
  t.deepEqual(
    names.filter((name) => at(name).isEnding),
    ['revoking', 'failed', 'gone'],
  );
});
