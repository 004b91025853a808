import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { fnv1a, KeylessSpread, murmur2, partitioners } from '../../source/kafka/partitioner.ts';
import { partitionCounts, partitionVectors } from './partition-vectors.ts';

test("murmur2 and its partitions are those of Kafka's Java client", (t) => {
  t.true(partitionVectors.length >= 200);
  t.deepEqual(
    partitionVectors.map(([hex]) => {
      const key = Buffer.from(hex, 'hex');
      return [hex, murmur2(key), ...partitionCounts.map((count) => partitioners.murmur2(key, count))];
    }),
    partitionVectors.map(([hex, expected]) => [hex, ...expected]),
  );
});

test("fnv1a and its partitions are those of Go's hash/fnv and sarama", (t) => {
  t.deepEqual(
    partitionVectors.map(([hex]) => {
      const key = Buffer.from(hex, 'hex');
      return [hex, fnv1a(key), ...partitionCounts.map((count) => partitioners.fnv1a(key, count))];
    }),
    partitionVectors.map(([hex, , expected]) => [hex, ...expected]),
  );
});

test('a plain Uint8Array, and a view into a larger one, hash as the Buffer of the same bytes', (t) => {
  const property = fc.property(fc.uint8Array({ maxLength: 50 }), (key) => {
    const view = Buffer.concat([Buffer.from([1, 2, 3]), key, Buffer.from([4])]).subarray(3, 3 + key.length);
    assert.deepEqual([murmur2(view), fnv1a(view)], [murmur2(Buffer.from(key)), fnv1a(key)]);
  });
  t.notThrows(() => {
    fc.assert(property);
  });
});

for (const [name, partition] of Object.entries(partitioners)) {
  test(`${name} always gives a partition that exists`, (t) => {
    const property = fc.property(
      fc.uint8Array({ maxLength: 50 }),
      fc.integer({ min: 1, max: 5000 }),
      (key, count) => {
        const chosen = partition(key, count);
        assert.ok(Number.isInteger(chosen) && chosen >= 0 && chosen < count && !Object.is(chosen, -0));
      },
    );
    t.notThrows(() => {
      fc.assert(property);
    });
  });
}

test('records without a key rotate over the partitions of their topic', (t) => {
  const spread = new KeylessSpread({ random: () => 0.5 });
  t.deepEqual(
    Array.from({ length: 6 }, () => spread.next('a', 4)),
    [2, 3, 0, 1, 2, 3],
  );
  t.is(spread.next('b', 3), 1, 'another topic has its own place');
  t.is(spread.next('a', 4), 0);
});

test('with a run length that many records stay on a partition', (t) => {
  const spread = new KeylessSpread({ runLength: 3, random: () => 0 });
  t.deepEqual(
    Array.from({ length: 8 }, () => spread.next('a', 2)),
    [0, 0, 0, 1, 1, 1, 0, 0],
  );
});

test('partitions that are added are used', (t) => {
  const spread = new KeylessSpread({ random: () => 0 });
  spread.next('a', 1);
  t.deepEqual(
    Array.from({ length: 6 }, () => spread.next('a', 3)),
    [1, 2, 0, 1, 2, 0],
  );
});

test('the first partition is a random one of the topic', (t) => {
  const first = (random: number) => new KeylessSpread({ runLength: 5, random: () => random }).next('a', 10);
  t.deepEqual([0, 0.35, 0.999999].map(first), [0, 3, 9]);
});
