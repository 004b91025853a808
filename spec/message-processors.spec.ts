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

test('what has no process function is refused, with the forms that there are', (t) => {
  for (const bad of [undefined, null, {}, { process: 5 }, 'x']) {
    t.throws(() => processorFor(bad as unknown as MessageProcessors, [0]), {
      instanceOf: ConfigError,
      message:
        /the MessageProcessor has no process function, but is .*: give \{ process\(messages, sender\) .* or \(partition\) => new MyProcessor\(partition\)$/,
    });
  }
});

test('a function that gives no MessageProcessor is refused, as is what everybody types first', (t) => {
  const functions = [
    () => ({}),
    () => undefined,
    (_messages: unknown, _sender: unknown) => Promise.resolve(),
  ];
  for (const bad of functions) {
    t.throws(() => processorFor(bad as unknown as MessageProcessors, [0]), {
      instanceOf: ConfigError,
      message: /the function gave .* for partition 0, which is not a MessageProcessor: give \{ process\(/,
    });
  }
});

test('a class is refused by its name', (t) => {
  class Counter {
    process(): void {
      // Nothing to do.
    }
  }
  t.throws(() => processorFor(Counter as unknown as MessageProcessors, [0, 1]), {
    instanceOf: ConfigError,
    message:
      /the class Counter is not a MessageProcessor: give .*\(partition\) => new MyProcessor\(partition\)/,
  });
});

test('what the function throws is the cause of an error that names the forms', (t) => {
  const own = new TypeError('messages is not iterable');
  const error = t.throws(
    () =>
      processorFor(() => {
        throw own;
      }, [3]),
    {
      instanceOf: ConfigError,
      message: /threw TypeError: messages is not iterable for partition 3: give \{/,
    },
  );
  t.is(error.cause, own);
});

test('of many partitions no more than ten problems are reported', (t) => {
  const error = t.throws(
    () =>
      processorFor(
        (() => undefined) as unknown as MessageProcessors,
        Array.from({ length: 300 }, (_, at) => at),
      ),
    { instanceOf: ConfigError },
  );
  t.is(error.problems.length, 10);
});
