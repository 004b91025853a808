import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { RecordError } from '../../../source/kernel/errors.ts';
import { prepareCompression } from '../../../source/kafka/records/compression.ts';
import {
  anyRecords,
  batchOf,
  compressions,
  decoded,
  plain,
  type ReadRecordSet,
  record,
  records,
  rewritten,
  withRecords,
} from './batches.ts';

test.before(prepareCompression);

test('a record set cut off at any byte yields its whole batches and no error', (t) => {
  const property = fc.property(
    anyRecords,
    anyRecords,
    fc.constantFrom(...compressions),
    (first, second, compression) => {
      const batches = [
        batchOf(first, { compression }),
        batchOf(second, { baseOffset: first.length }),
        batchOf(first, { baseOffset: first.length + second.length }),
      ];
      const whole = Buffer.concat(batches);
      const ends = [0, ...batches.map((_, i) => Buffer.concat(batches.slice(0, i + 1)).length)];
      const counts = [0, first.length, first.length + second.length, 2 * first.length + second.length];
      for (let length = 0; length <= whole.length; length++) {
        const batchesInside = ends.findLastIndex((end) => end <= length);
        const set = decoded(whole.subarray(0, length));
        assert.equal(set.messages.length, counts[batchesInside], `${length} of ${whole.length} bytes`);
        assert.equal(set.nextOffset, counts[batchesInside]);
        assert.equal(set.partialOnly, batchesInside === 0 && length > 0);
      }
    },
  );
  t.notThrows(() => {
    fc.assert(property, { numRuns: 5 });
  });
});

test('a flipped bit that the checksum covers is noticed or hides the batch, and never changes a message', (t) => {
  const property = fc.property(
    anyRecords,
    fc.constantFrom(...compressions),
    fc.nat(),
    fc.nat(7),
    (content, compression, where, bit) => {
      const batch = batchOf(content, { compression });
      // Base offset (0 to 7) and leader epoch (12 to 15) belong to the broker, which sets them
      // after the producer's checksum.
      const covered = [...batch.keys()].filter((at) => at >= 16 || (at >= 8 && at < 12));
      const at = covered[where % covered.length] ?? 16;
      const flipped = Buffer.from(batch);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << bit);
      const outcome = outcomeOf(flipped);
      if (outcome instanceof RecordError) return;
      assert.ok(at < 12, `byte ${at}: a flip went unnoticed`);
      assert.deepEqual(outcome, {
        messages: [],
        nextOffset: 0,
        leaderEpoch: -1,
        bytes: 0,
        recordBytes: 0,
        partialOnly: true,
      });
    },
  );
  t.notThrows(() => {
    fc.assert(property, { numRuns: 1500 });
  });
});

test('for any bytes after a good header the outcome is messages that can be read or a RecordError', (t) => {
  const property = fc.property(
    fc.uint8Array({ maxLength: 80 }),
    fc.integer({ min: -2, max: 6 }),
    (bytes, count) => {
      const outcome = outcomeOf(withRecords(batchOf(records('a', 'b', 'c', 'd')), count, Buffer.from(bytes)));
      if (outcome instanceof RecordError) return;
      assert.equal(outcome.messages.length, count);
      for (const message of outcome.messages)
        JSON.stringify([plain(message), message.keyText, message.valueText]);
    },
  );
  t.notThrows(() => {
    fc.assert(property, { numRuns: 3000 });
  });
});

test('one changed byte in the records, under a checksum that fits, is read as such or a RecordError', (t) => {
  const property = fc.property(anyRecords, fc.nat(), fc.nat(255), (content, where, byte) => {
    const good = batchOf(content);
    const changed = rewritten(good, (copy) => {
      copy[61 + (where % (copy.length - 61))] = byte;
    });
    const outcome = outcomeOf(changed);
    if (outcome instanceof RecordError) return;
    assert.equal(outcome.messages.length, content.length);
    for (const message of outcome.messages) {
      const { key, value, headers } = message;
      const bytes = [key, value, ...[...headers].map((header) => header[1])].reduce(
        (sum, one) => sum + (one?.length ?? 0),
        0,
      );
      assert.ok(bytes < changed.length);
    }
  });
  t.notThrows(() => {
    fc.assert(property, { numRuns: 3000 });
  });
});

const good = batchOf([record({ key: Buffer.from('k'), value: Buffer.from('v') })]);
/** length 8, attributes, timestamp delta 0, offset delta 0, key 'k', value 'v', no headers */
const encoded = good.subarray(61);

const damages: readonly (readonly [what: string, batch: Buffer, message: RegExp])[] = [
  [
    'a checksum that does not fit',
    changedAt(good, 62, 1),
    /checksum is 0x[0-9a-f]{8} but its bytes give 0x.*kafka-dump-log/,
  ],
  ['a length below that of a header', lengthOf(good, 40), /claims to have 52 bytes/],
  ['a negative length', lengthOf(good, -1), /claims to have 11 bytes/],
  ['a magic byte from the future', changedAt(good, 16, 3), /unknown message format 3/],
  ['a negative count', withRecords(good, -1, encoded), /-1 records/],
  [
    'a negative last offset delta',
    rewritten(good, (copy) => copy.writeInt32BE(-1, 23)),
    /last offset delta -1/,
  ],
  ['an unknown codec', rewritten(good, (copy) => copy.writeInt16BE(5, 21)), /codec 5, which is not known/],
  ['fewer records than it says', withRecords(good, 2, encoded), /record 2 of 2 has lengths/],
  [
    'more bytes than its records',
    withRecords(good, 1, Buffer.concat([encoded, encoded])),
    /9 bytes follow the last of its 1 records/,
  ],
  [
    'an offset twice',
    withRecords(
      rewritten(good, (copy) => copy.writeInt32BE(1, 23)),
      2,
      Buffer.concat([encoded, encoded]),
    ),
    /record 2 of 2/,
  ],
  ['an offset past its last one', withRecords(good, 1, changedAt(encoded, 3, 2)), /record 1 of 1/],
  ['a key length of -2', withRecords(good, 1, recordOf(0, 0, 0, 3, 1, 0)), /record 1 of 1/],
  ['a value length of -2', withRecords(good, 1, recordOf(0, 0, 0, 1, 3, 0)), /record 1 of 1/],
  ['a key beyond its record', withRecords(good, 1, changedAt(encoded, 4, 100)), /record 1 of 1/],
  ['a value beyond its record', withRecords(good, 1, changedAt(encoded, 6, 100)), /record 1 of 1/],
  ['a header count of -1', withRecords(good, 1, changedAt(encoded, 8, 1)), /record 1 of 1/],
  ['more headers than bytes', withRecords(good, 1, changedAt(encoded, 8, 126)), /record 1 of 1/],
  ['a record of zero bytes', withRecords(good, 1, Buffer.from([0])), /record 1 of 1/],
  ['a varint without an end', withRecords(good, 1, Buffer.alloc(12, 0xff)), /record 1 of 1/],
  [
    'a timestamp delta of 11 bytes',
    withRecords(good, 1, recordOf(0, ...new Array<number>(10).fill(0x80), 0, 0, 1, 1, 0)),
    /record 1 of 1/,
  ],
  ['a header name of length -1', withRecords(good, 1, recordOf(0, 0, 0, 1, 1, 2, 1)), /record 1 of 1/],
  [
    'a billion headers',
    withRecords(good, 1, recordOf(0, 0, 0, 1, 1, 0xfe, 0xff, 0xff, 0xff, 0x0f)),
    /record 1 of 1/,
  ],
];

for (const [what, batch, message] of damages) {
  test(`${what} is a RecordError that names the place`, (t) => {
    t.is(decoded(good).messages.length, 1);
    const error = t.throws(
      () => decoded(Buffer.concat([batchOf(records('x'), { baseOffset: 0 }), at(batch, 1)])),
      {
        instanceOf: RecordError,
      },
    );
    t.regex(error.message, message);
    t.regex(error.message, /^The record batch at offset 1 of partition 3 of topic orders cannot be read: /);
  });
}

/** What decoding gives: a result, or the RecordError. Any other error is thrown on. */
function outcomeOf(recordSet: Buffer): ReadRecordSet | RecordError {
  try {
    return decoded(recordSet);
  } catch (error) {
    if (error instanceof RecordError) return error;
    throw error;
  }
}

/** The bytes as a record of that length. */
function recordOf(...body: readonly number[]): Buffer {
  return Buffer.from([2 * body.length, ...body]);
}

function changedAt(bytes: Buffer, at: number, byte: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = byte;
  return copy;
}

function lengthOf(batch: Buffer, length: number): Buffer {
  const copy = Buffer.from(batch);
  copy.writeInt32BE(length, 8);
  return copy;
}

function at(batch: Buffer, baseOffset: number): Buffer {
  const copy = Buffer.from(batch);
  copy.writeBigInt64BE(BigInt(baseOffset), 0);
  return copy;
}
