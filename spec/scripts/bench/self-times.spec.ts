import test from 'ava';
import { selfTimes } from '../../../scripts/bench/self-times.ts';

const node = (id: number, functionName: string, url = '') => ({
  id,
  callFrame: { functionName, url, lineNumber: 9 },
});

test('the time of a function is that of its samples, wherever it was called from', (t) => {
  const { seconds, functions } = selfTimes({
    nodes: [
      node(1, '(garbage collector)'),
      node(2, 'send', 'file:///a/sender.js'),
      node(3, 'send', 'file:///a/sender.js'),
    ],
    samples: [1, 2, 3, 2, 1],
    timeDeltas: [500, 1000, 2000, 3000, 4000],
  });
  t.is(seconds, 0.01);
  t.deepEqual(functions, [
    { name: 'send sender.js:10', share: 0.9 },
    { name: '(garbage collector)', share: 0.1 },
  ]);
});

test('a profile without samples has no time', (t) => {
  t.deepEqual(selfTimes({ nodes: [], samples: [], timeDeltas: [] }), { seconds: 0, functions: [] });
});
