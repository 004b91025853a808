import test from 'ava';
import { LifecycleError } from '../source/kernel/errors.ts';
import { Lifecycle, transitions, type ProcessorState } from '../source/lifecycle.ts';

const states = Object.keys(transitions) as ProcessorState[];

/** A lifecycle that was taken to `state` on the shortest legal way. */
function at(state: ProcessorState, seen: string[] = []): Lifecycle {
  const ways: Record<ProcessorState, ProcessorState[]> = {
    new: [],
    starting: ['starting'],
    running: ['starting', 'running'],
    closing: ['starting', 'closing'],
    closed: ['closed'],
    failed: ['starting', 'closing', 'failed'],
  };
  const lifecycle = new Lifecycle((from, to) => seen.push(`${from} ${to}`));
  for (const next of ways[state]) lifecycle.to(next);
  return lifecycle;
}

test('the table has the transitions of the drawing, and no other', (t) => {
  t.deepEqual(transitions, {
    new: ['starting', 'closed'],
    starting: ['running', 'closing'],
    running: ['closing'],
    closing: ['closed', 'failed'],
    closed: [],
    failed: [],
  });
});

for (const from of states) {
  for (const to of states) {
    if (transitions[from].includes(to)) {
      test(`${from} may become ${to}, and that is told`, (t) => {
        const seen: string[] = [];
        const lifecycle = at(from, seen);
        lifecycle.to(to);
        t.is(lifecycle.state, to);
        t.is(seen.at(-1), `${from} ${to}`);
      });
    } else {
      test(`${from} cannot become ${to}, and stays what it is`, (t) => {
        const seen: string[] = [];
        const lifecycle = at(from, seen);
        const told = seen.length;
        t.throws(
          () => {
            lifecycle.to(to);
          },
          { instanceOf: LifecycleError, message: `A TopicProcessor that is '${from}' cannot become '${to}'` },
        );
        t.is(lifecycle.state, from);
        t.is(seen.length, told);
      });
    }
  }
}

test('batches may begin until it closes', (t) => {
  t.deepEqual(
    states.map((state) => [state, at(state).isEnding()]),
    [
      ['new', false],
      ['starting', false],
      ['running', false],
      ['closing', true],
      ['closed', true],
      ['failed', true],
    ],
  );
});

test('only a new one can be started', (t) => {
  t.notThrows(() => {
    at('new').assertNew('runLoop');
  });
  for (const state of states.filter((each) => each !== 'new')) {
    t.throws(
      () => {
        at(state).assertNew('runLoop');
      },
      {
        instanceOf: LifecycleError,
        message: new RegExp(`^runLoop\\(\\) was called on a TopicProcessor that is '${state}'`),
      },
    );
  }
});
