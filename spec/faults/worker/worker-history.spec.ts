import test from 'ava';
import { WorkerHistory } from './worker-history.ts';
import type { WorkerLine, WorkerStep } from './worker-line.ts';

function step(at: WorkerStep, first: number, last: number): WorkerLine {
  return { at: 'step', step: at, partition: 0, ranges: [['in', first, last]] };
}

test('a batch is open from its begin to its commit', (t) => {
  const history = new WorkerHistory(0, [0]);
  for (const line of [step('begun', 0, 99), step('begun', 100, 149), step('committed', 0, 99)])
    history.take(line);
  t.deepEqual(history.open, [{ partition: 0, ranges: [['in', 100, 149]] }]);
  t.deepEqual([...history.begun], [['in/0', [[0, 149]]]]);
});

test('a batch that was given up at the close is as if it had not begun', (t) => {
  const history = new WorkerHistory(0, [0]);
  for (const line of [step('begun', 0, 99), step('committed', 0, 99), step('begun', 100, 149)])
    history.take(line);
  history.take({ at: 'given-up', partition: 0, ranges: [['in', 100, 149]] });
  t.deepEqual(history.open, []);
  t.deepEqual([...history.begun], [['in/0', [[0, 99]]]]);

  const other = new WorkerHistory(1, [0]);
  other.take(step('begun', 100, 149));
  other.take({ at: 'given-up', partition: 0, ranges: [['in', 100, 149]] });
  t.deepEqual([...other.begun], [['in/0', []]]);
});
