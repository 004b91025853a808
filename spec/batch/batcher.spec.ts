import test from 'ava';
import fc from 'fast-check';
import { Batcher, type Batch, type BatcherOptions } from '../../source/batch/batcher.ts';
import type { ConsumerMessage } from '../../source/message.ts';
import { makeMessages } from '../../source/testing/fake-kafka/fake-message.ts';
import { hasDictionary } from '../_helpers/engine.ts';

interface Hand {
  now: number;
}

function batcherOf(options: Partial<BatcherOptions> = {}): { batcher: Batcher; hand: Hand } {
  const hand = { now: 0 };
  const batcher = new Batcher({
    batchSize: 10,
    batchBytes: 1e9,
    batchWaitMs: 1000,
    now: () => hand.now,
    ...options,
  });
  return { batcher, hand };
}

function chunkOf(topic: string, first: number, count: number, bytesEach = 50, nextOffset = first + count) {
  const messages = makeMessages(count, first, { topic, bytes: bytesEach });
  return { topic, messages, nextOffset, leaderEpoch: 3, bytes: count * bytesEach };
}

const names = (batch: Batch) => batch.messages.map(({ topic, offset }) => `${topic}${offset}`);

test('an empty one is never due', (t) => {
  const { batcher, hand } = batcherOf();
  hand.now = 1e9;
  batcher.end();
  batcher.wantMemory();
  t.is(batcher.due(), undefined);
  t.is(batcher.dueAt(), undefined);
});

test('a batch is due by count, holds no more, and keeps the order of arrival', (t) => {
  const { batcher } = batcherOf();
  batcher.add(chunkOf('a', 0, 6));
  t.is(batcher.due(), undefined);
  batcher.add(chunkOf('b', 0, 7));
  t.is(batcher.due(), 'count');
  const batch = batcher.take('count');
  t.deepEqual(names(batch), ['a0', 'a1', 'a2', 'a3', 'a4', 'a5', 'b0', 'b1', 'b2', 'b3']);
  t.is(batcher.count, 3);
  t.is(batcher.due(), undefined);
});

test('positions are past the last message that is in the batch, per topic', (t) => {
  const { batcher } = batcherOf();
  batcher.add(chunkOf('a', 5, 6, 50, 20));
  batcher.add(chunkOf('b', 0, 7));
  t.deepEqual(batcher.take('count').positions, [
    { topic: 'a', nextOffset: 20, leaderEpoch: 3 },
    { topic: 'b', nextOffset: 4, leaderEpoch: 3 },
  ]);
  t.deepEqual(batcher.take('age').positions, [{ topic: 'b', nextOffset: 7, leaderEpoch: 3 }]);
});

test('ranges name the first and the last offset, per topic', (t) => {
  const { batcher } = batcherOf();
  batcher.add(chunkOf('a', 5, 2));
  batcher.add(chunkOf('b', 0, 1));
  batcher.add(chunkOf('a', 9, 3));
  t.deepEqual(batcher.take('age').ranges, [
    { topic: 'a', partition: 0, first: 5, last: 11, records: 5 },
    { topic: 'b', partition: 0, first: 0, last: 0, records: 1 },
  ]);
});

test('the bytes of a batch are those of its messages; parts of a chunk have their share, and none is lost', (t) => {
  const { batcher } = batcherOf({ batchSize: 3 });
  const whole = chunkOf('a', 0, 2);
  batcher.add(whole);
  batcher.add({ ...chunkOf('a', 2, 5), recordBytes: 101 });
  batcher.add({ ...chunkOf('a', 7, 1), recordBytes: 7 });
  const sum = whole.messages.reduce((bytes, message) => bytes + message.bytes, 0);
  t.is(batcher.take('count').bytes, sum + 20, 'a fifth of 101');
  t.is(batcher.take('count').bytes, 61, 'three quarters of what is left');
  t.is(batcher.take('age').bytes, 20 + 7);
});

test("a record-less chunk moves the position of what waits of its topic, else it is the caller's to keep", (t) => {
  const { batcher } = batcherOf();
  t.false(batcher.add({ topic: 'a', messages: [], nextOffset: 4, leaderEpoch: 8, bytes: 0 }));
  batcher.add(chunkOf('a', 4, 2));
  t.true(batcher.add({ topic: 'a', messages: [], nextOffset: 9, leaderEpoch: 8, bytes: 0 }));
  t.false(batcher.add({ topic: 'b', messages: [], nextOffset: 1, leaderEpoch: 8, bytes: 0 }));
  t.deepEqual(batcher.take('age').positions, [{ topic: 'a', nextOffset: 9, leaderEpoch: 8 }]);
});

test('age counts from the arrival of the oldest message that waits', (t) => {
  const { batcher, hand } = batcherOf();
  hand.now = 100;
  batcher.add(chunkOf('a', 0, 3));
  hand.now = 600;
  batcher.add(chunkOf('a', 3, 12));
  t.is(batcher.dueAt(), 1100);
  batcher.take('count');
  t.is(batcher.dueAt(), 1600, 'the rest came with the second chunk');
  hand.now = 1599;
  t.is(batcher.due(), undefined);
  hand.now = 1600;
  t.is(batcher.due(), 'age');
});

test('with batchWaitMs 0 whatever has arrived is due', (t) => {
  const { batcher } = batcherOf({ batchWaitMs: 0 });
  batcher.add(chunkOf('a', 0, 1));
  t.is(batcher.due(), 'age');
});

test('a batch is due by bytes, and holds no more of them', (t) => {
  const { batcher } = batcherOf({ batchBytes: 170 });
  batcher.add(chunkOf('a', 0, 3));
  t.is(batcher.due(), undefined);
  batcher.add(chunkOf('a', 3, 2));
  t.is(batcher.due(), 'bytes');
  t.deepEqual(names(batcher.take('bytes')), ['a0', 'a1', 'a2']);
  t.is(batcher.due(), undefined);
});

test('a single message that is larger than batchBytes is a batch of its own', (t) => {
  const { batcher } = batcherOf({ batchBytes: 100 });
  batcher.add(chunkOf('a', 0, 1, 10));
  batcher.add(chunkOf('a', 1, 2, 500));
  t.deepEqual(names(batcher.take('bytes')), ['a0']);
  t.is(batcher.due(), 'bytes');
  t.deepEqual(names(batcher.take('bytes')), ['a1']);
  t.deepEqual(names(batcher.take('bytes')), ['a2']);
});

test('count goes before bytes, end before memory, memory before age', (t) => {
  const { batcher, hand } = batcherOf({ batchSize: 2, batchBytes: 100 });
  batcher.add(chunkOf('a', 0, 3));
  t.is(batcher.due(), 'count');
  batcher.take('count');
  hand.now = 5000;
  t.is(batcher.due(), 'age');
  batcher.wantMemory();
  t.is(batcher.due(), 'memory');
  batcher.end();
  t.is(batcher.due(), 'end');
});

test('memory is wanted once: the batch that is taken is the answer', (t) => {
  const { batcher } = batcherOf();
  batcher.add(chunkOf('a', 0, 1));
  batcher.wantMemory();
  batcher.take('memory');
  batcher.add(chunkOf('a', 1, 1));
  t.is(batcher.due(), undefined);
});

test('memory is free when the last message of a chunk is done, not before', (t) => {
  const { batcher } = batcherOf({ batchSize: 4 });
  batcher.add(chunkOf('a', 0, 6));
  t.is(batcher.take('count').freedBytes, 0);
  t.is(batcher.heldBytes, 300);
  t.is(batcher.take('age').freedBytes, 300);
  t.is(batcher.heldBytes, 0);
});

test('what is dropped is gone, of one topic or of all', (t) => {
  const { batcher } = batcherOf({ batchSize: 4 });
  batcher.add(chunkOf('a', 0, 6));
  batcher.add(chunkOf('b', 0, 5));
  batcher.take('count');
  t.is(batcher.drop('a'), 300);
  t.is(batcher.count, 5);
  t.is(batcher.heldBytes, 250);
  t.deepEqual(names(batcher.take('age')), ['b0', 'b1', 'b2', 'b3']);
  t.is(batcher.drop(), 250);
  t.is(batcher.count, 0);
  t.is(batcher.heldBytes, 0);
  t.is(batcher.drop(), 0);
});

// What may happen, in any order; two topics.
const anyStep = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('chunk' as const),
      topic: fc.constantFrom('a', 'b'),
      sizes: fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 0, maxLength: 12 }),
      gap: fc.integer({ min: 0, max: 3 }),
      tail: fc.integer({ min: 0, max: 3 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 700 }) }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('take' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('memory' as const) }) },
);

test('whatever arrives in whatever order: nothing is lost or doubled, no limit is passed, no position is past what is unfinished', (t) => {
  const check = () => {
    fc.assert(
      fc.property(
        fc.array(anyStep, { maxLength: 60 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 900 }),
        (steps, batchSize, batchBytes) => {
          const { batcher, hand } = batcherOf({ batchSize, batchBytes, batchWaitMs: 1000 });
          const log: Record<string, { offset: number; bytes: number; arrivedAt: number }[]> = {
            a: [],
            b: [],
          };
          const next: Record<string, number> = { a: 0, b: 0 };
          const done: Record<string, number> = { a: 0, b: 0 };
          const position: Record<string, number> = { a: 0, b: 0 };
          const waiting: { topic: string; offset: number; bytes: number; arrivedAt: number }[] = [];
          let memoryWanted = false;
          let ended = false;
          let held = 0;

          const expectedTrigger = () => {
            const oldest = waiting[0];
            if (oldest === undefined) return undefined;
            if (waiting.length >= batchSize) return 'count';
            if (waiting.reduce((sum, { bytes }) => sum + bytes, 0) >= batchBytes) return 'bytes';
            if (ended) return 'end';
            if (memoryWanted) return 'memory';
            return hand.now - oldest.arrivedAt >= 1000 ? 'age' : undefined;
          };
          const takeOne = () => {
            const trigger = batcher.due();
            if (trigger !== expectedTrigger())
              throw new Error(`trigger ${String(trigger)}, not ${String(expectedTrigger())}`);
            if (trigger === undefined) return false;
            const batch = batcher.take(trigger);
            memoryWanted = false;
            held -= batch.freedBytes;
            const { messages } = batch;
            if (messages.length < 1 || messages.length > batchSize) throw new Error('size');
            const bytes = messages.reduce((sum, message: ConsumerMessage) => sum + message.bytes, 0);
            if (bytes > batchBytes && messages.length > 1) throw new Error('bytes');
            for (const message of messages) {
              const expected = waiting.shift();
              if (expected?.topic !== message.topic || expected.offset !== message.offset)
                throw new Error('order');
              done[message.topic] = (done[message.topic] ?? 0) + 1;
            }
            for (const { topic, nextOffset } of batch.positions) {
              if (nextOffset < (position[topic] ?? 0)) throw new Error('position went back');
              position[topic] = nextOffset;
            }
            for (const topic of new Set(messages.map((message) => message.topic))) {
              const last = messages.findLast((message) => message.topic === topic);
              if ((position[topic] ?? 0) <= (last?.offset ?? 0))
                throw new Error('position is not past the batch');
            }
            for (const { topic, offset } of waiting)
              if ((position[topic] ?? 0) > offset) throw new Error('position is past what waits');
            return true;
          };

          for (const step of steps) {
            if (step.kind === 'wait') hand.now += step.ms;
            else if (step.kind === 'memory') {
              batcher.wantMemory();
              memoryWanted = true;
            } else if (step.kind === 'take') takeOne();
            else {
              const { topic, sizes, gap, tail } = step;
              const first = (next[topic] ?? 0) + gap;
              const messages = sizes.map(
                (bytes, at) => makeMessages(1, first + at, { topic, bytes })[0] as ConsumerMessage,
              );
              for (const { offset, bytes } of messages) {
                const entry = { offset, bytes, arrivedAt: hand.now };
                log[topic]?.push(entry);
                waiting.push({ topic, ...entry });
              }
              const nextOffset = first + sizes.length + tail;
              next[topic] = nextOffset;
              const bytes = sizes.reduce((sum, each) => sum + each, 0) + 7;
              if (messages.length > 0) held += bytes;
              // What the batcher does not keep is done at once, as its topic has nothing that
              // waits.
              if (!batcher.add({ topic, messages, nextOffset, leaderEpoch: 0, bytes }))
                position[topic] = nextOffset;
            }
            if (batcher.count !== waiting.length) throw new Error('count');
            if (batcher.heldBytes !== held) throw new Error('heldBytes');
            const oldest = waiting[0];
            if (batcher.dueAt() !== (oldest === undefined ? undefined : oldest.arrivedAt + 1000))
              throw new Error('dueAt');
          }
          batcher.end();
          ended = true;
          while (takeOne());
          for (const topic of ['a', 'b']) {
            if (done[topic] !== log[topic]?.length) throw new Error('lost');
            if (position[topic] !== next[topic]) throw new Error('the last position was not reached');
          }
          return batcher.heldBytes === 0 && batcher.count === 0;
        },
      ),
      { numRuns: 1000 },
    );
  };
  t.notThrows(check);
});

test('a batch of several chunks is a plain array, also in a program that has spreadable objects', (t) => {
  // As the client of Elasticsearch does when it is loaded; it is enough that there is one.
  const spreadable = { [Symbol.isConcatSpreadable]: true };
  t.true(spreadable[Symbol.isConcatSpreadable]);
  const { batcher } = batcherOf({ batchSize: 6000 });
  for (let first = 0; first < 6000; first += 2000) batcher.add(chunkOf('a', first, 2000));
  const { messages } = batcher.take('count');
  t.is(messages.length, 6000);
  t.false(hasDictionary(messages));
});
