import test from 'ava';
import { ConfigError } from '../source/kernel/errors.ts';
import type { MessageProcessor } from '../source/message-processor.ts';
import { fromMap, processorFor, type MessageProcessors } from '../source/message-processors.ts';

const processor = (): MessageProcessor => ({ process: () => undefined });

test('one MessageProcessor serves all partitions', (t) => {
  const one = processor();
  t.deepEqual(
    [...processorFor(one, [0, 2])],
    [
      [0, one],
      [2, one],
    ],
  );
});

test('a function is asked once for each partition', (t) => {
  const asked: number[] = [];
  const found = processorFor(
    (partition) => {
      asked.push(partition);
      return processor();
    },
    [4, 1],
  );
  t.deepEqual(asked, [4, 1]);
  t.not(found.get(4), found.get(1));
});

test('fromMap takes a Map or an object', (t) => {
  const [a, b] = [processor(), processor()];
  t.deepEqual(
    [
      ...processorFor(
        fromMap(
          new Map([
            [0, a],
            [1, b],
          ]),
        ),
        [0, 1],
      ).values(),
    ],
    [a, b],
  );
  t.deepEqual([...processorFor(fromMap({ 0: a, 1: b }), [0, 1]).values()], [a, b]);
});

test('all partitions that lack a MessageProcessor are named in one error', (t) => {
  const error = t.throws(() => processorFor(fromMap({ 1: processor() }), [0, 1, 2]), {
    instanceOf: ConfigError,
  });
  t.deepEqual(error.problems, [
    'no MessageProcessor for partition 0: add one to the map, or take it from inputPartitions',
    'no MessageProcessor for partition 2: add one to the map, or take it from inputPartitions',
  ]);
});

test('what has no process function is refused', (t) => {
  for (const bad of [undefined, null, {}, { process: 5 }, 'x', () => ({})]) {
    t.throws(() => processorFor(bad as unknown as MessageProcessors, [0]), {
      instanceOf: ConfigError,
      message: /partition 0 has no process\(messages, sender, context\) function/,
    });
  }
});

test('what the function throws is not taken for a missing MessageProcessor', (t) => {
  const own = new RangeError('mine');
  const error = t.throws(() =>
    processorFor(() => {
      throw own;
    }, [0]),
  );
  t.is(error, own);
});
