import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { prepareCompression } from '../../../source/kafka/records/compression.ts';
import {
  anyRecords,
  batchOf,
  bytes,
  compressions,
  decoded,
  headerName,
  kafkajsDecoded,
  kafkajsEncoded,
  plain,
} from './batches.ts';

test.before(prepareCompression);

for (const compression of compressions) {
  test(`what is encoded with ${compression} is decoded as it was`, (t) => {
    const property = fc.property(anyRecords, fc.nat(2 ** 40), (content, baseOffset) => {
      const set = decoded(batchOf(content, { compression, baseOffset, leaderEpoch: 9 }));
      assert.deepEqual(
        set.messages.map(plain),
        content.map((one, i) => ({
          offset: baseOffset + i,
          timestamp: one.timestamp,
          key: one.key,
          value: one.value,
          headers: one.headers,
        })),
      );
      assert.equal(set.nextOffset, baseOffset + content.length);
      assert.equal(set.leaderEpoch, 9);
      assert.equal(set.partialOnly, false);
    });
    t.notThrows(() => {
      fc.assert(property, { numRuns: 60 });
    });
  });
}

for (const compression of ['none', 'gzip'] as const) {
  test(`kafkajs reads what is encoded with ${compression}`, async (t) => {
    const property = fc.asyncProperty(anyRecords, async (content) => {
      const producer = { producerId: 7n, epoch: 2, baseSequence: 30, transactional: true };
      const batch = await kafkajsDecoded(batchOf(content, { compression, baseOffset: 1000, producer }));
      assert.deepEqual(
        [
          batch.firstOffset,
          batch.lastOffsetDelta,
          batch.producerId,
          batch.producerEpoch,
          batch.firstSequence,
        ],
        ['1000', content.length - 1, '7', 2, 30],
      );
      assert.equal(batch.inTransaction, true);
      assert.deepEqual(
        batch.records.map(({ offset, timestamp, key, value, headers }) => ({
          offset,
          timestamp,
          key,
          value,
          headers: Object.entries(headers).map(([name, values]) => [name, [values].flat()]),
        })),
        content.map((one, i) => ({
          offset: String(1000 + i),
          timestamp: String(one.timestamp),
          key: one.key,
          value: one.value,
          headers: groupedByName(one.headers),
        })),
      );
    });
    await t.notThrowsAsync(fc.assert(property, { numRuns: 60 }));
  });

  test(`what kafkajs encodes with ${compression} is decoded as it was`, async (t) => {
    const anyKafkajsRecords = fc.array(
      fc.record({
        key: fc.option(bytes, { nil: null }),
        value: fc.option(bytes, { nil: null }),
        headers: fc.dictionary(headerName, fc.array(bytes, { minLength: 1, maxLength: 3 }), { maxKeys: 3 }),
        timestampDelta: fc.integer({ min: -5000, max: 2 ** 40 }),
      }),
      { minLength: 1, maxLength: 20 },
    );
    const property = fc.asyncProperty(anyKafkajsRecords, async (content) => {
      const batch = await kafkajsEncoded(
        content.map((one, offsetDelta) => ({ ...one, offsetDelta })),
        {
          compression: compression === 'none' ? 0 : 1,
          firstTimestamp: 1_700_000_000_000,
          maxTimestamp: 2 ** 41,
        },
      );
      const set = decoded(batch);
      assert.deepEqual(
        set.messages.map(plain),
        content.map((one, offset) => ({
          offset,
          timestamp: 1_700_000_000_000 + one.timestampDelta,
          key: one.key,
          value: one.value,
          headers: Object.entries(one.headers).flatMap(([name, values]) =>
            values.map((value) => [name, value]),
          ),
        })),
      );
      assert.equal(set.nextOffset, content.length);
    });
    await t.notThrowsAsync(fc.assert(property, { numRuns: 60 }));
  });
}

test('an empty key and an empty value are not null', (t) => {
  const empty = Buffer.alloc(0);
  const set = decoded(
    batchOf([
      { key: empty, value: null, headers: [['h', empty]], timestamp: 1 },
      { key: null, value: empty, headers: [['h', null]], timestamp: 1 },
    ]),
  );
  t.deepEqual(
    set.messages.map(({ key, value, headers }) => [key, value, headers.get('h')]),
    [
      [empty, null, empty],
      [null, empty, null],
    ],
  );
  t.deepEqual(
    set.messages.map(({ keyText, valueText }) => [keyText, valueText]),
    [
      ['', null],
      [null, ''],
    ],
  );
});

/** As kafkajs shows headers: names in the order of their first use, each with all its values. */
function groupedByName(pairs: readonly (readonly [string, Buffer | null])[]): [string, (Buffer | null)[]][] {
  const names = [...new Set(pairs.map(([name]) => name))];
  return names.map((name) => [name, pairs.filter((pair) => pair[0] === name).map((pair) => pair[1])]);
}
