import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import fc from 'fast-check';
import { compressSync } from 'snappy';
import { ConfigError, RecordError } from '../../../source/kernel/errors.ts';
import type { Compression } from '../../../source/kafka/sink.ts';
import { codecNamed, codecOf, prepareCompression } from '../../../source/kafka/records/compression.ts';
import { batchOf, compressions, decoded, record, records, rewritten, withRecords } from './batches.ts';
import { javaRecordSets } from './java-record-sets.ts';

test.before(prepareCompression);

const inflating = compressions.filter((name) => name !== 'none');

/** Kafka's numbers of the codecs, from its documentation of the record batch. */
const numbers: Readonly<Record<Compression, number>> = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 };

for (const name of compressions) {
  test(`${name} has Kafka's number and gives back what it was given`, (t) => {
    const codec = codecNamed(name);
    t.is(codec.bits, numbers[name]);
    t.is(codecOf(codec.bits), codec);
    const property = fc.property(
      fc.uint8Array({ maxLength: 5000 }),
      fc.integer({ min: 1, max: 40 }),
      (part, times) => {
        const bytes = Buffer.concat(new Array<Uint8Array>(times).fill(part));
        assert.ok(codec.decompress(codec.compress(bytes), bytes.length).equals(bytes));
      },
    );
    t.notThrows(() => {
      fc.assert(property, { numRuns: 50 });
    });
  });
}

for (const name of inflating) {
  test(`${name} inflates up to the bound and not a byte more`, (t) => {
    const codec = codecNamed(name);
    for (const bytes of [Buffer.alloc(300_000, 'abcdefg'), randomBytes(70_000), Buffer.from('xy')]) {
      const compressed = codec.compress(bytes);
      t.true(codec.decompress(compressed, bytes.length).equals(bytes));
      const error = t.throws(() => codec.decompress(compressed, bytes.length - 1), {
        instanceOf: RecordError,
      });
      t.regex(
        error.message,
        new RegExp(`it inflates \\(${name}\\) to .*more than (the )?${bytes.length - 1}`),
      );
    }
  });

  test(`a batch that inflates (${name}) beyond the bound is an error that names the place and the bound`, (t) => {
    const bomb = batchOf([record({ value: Buffer.alloc(900_000) })], { compression: name, baseOffset: 88 });
    t.true(bomb.length < 50_000);
    const error = t.throws(() => decoded(bomb, { maxInflatedBytes: 100_000 }), { instanceOf: RecordError });
    t.regex(error.message, /offset 88 of partition 3 of topic orders .* 100000.*raise maxBufferBytes/);
    t.is(decoded(bomb, { maxInflatedBytes: 1_000_000 }).messages.length, 1);
  });

  test(`the bound holds for what the Java client compressed with ${name}, too`, (t) => {
    const set = Buffer.from(javaRecordSets[name], 'base64');
    const inflated = decoded(set).bytes;
    t.is(decoded(set, { maxInflatedBytes: inflated }).messages.length, 500);
    t.throws(() => decoded(set, { maxInflatedBytes: inflated - 1 }), {
      instanceOf: RecordError,
      message: /raise maxBufferBytes/,
    });
  });

  test(`bytes that are not ${name} are a RecordError that names the place`, (t) => {
    const batch = batchOf(records('a'), { compression: name, baseOffset: 5 });
    const property = fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      assert.throws(() => decoded(withRecords(batch, 1, Buffer.from(bytes))), {
        name: 'RecordError',
        message: /^The record batch at offset 5 of partition 3 of topic orders cannot be read: /,
      });
    });
    t.notThrows(() => {
      fc.assert(property, { numRuns: 300 });
    });
  });

  test(`a changed byte in what ${name} compressed is a RecordError or something that fits the bound`, (t) => {
    const codec = codecNamed(name);
    const compressed = codec.compress(Buffer.concat([Buffer.alloc(3000, 'abc'), randomBytes(300)]));
    const property = fc.property(fc.nat(compressed.length - 1), fc.nat(255), (at, byte) => {
      const changed = Buffer.from(compressed);
      changed[at] = byte;
      try {
        assert.ok(codec.decompress(changed, 5000).length <= 5000);
      } catch (error) {
        assert.ok(error instanceof RecordError, String(error));
      }
    });
    t.notThrows(() => {
      fc.assert(property, { numRuns: 1500 });
    });
  });

  test(`records compressed with ${name} and cut off at any byte are a RecordError`, (t) => {
    const batch = batchOf([record({ value: Buffer.alloc(70_000, 'abcdefgh') }), record()], {
      compression: name,
    });
    t.is(decoded(batch).messages.length, 2);
    for (let length = 61; length < batch.length; length += length < 128 ? 1 : 97) {
      const cut = withRecords(batch, 2, batch.subarray(61, length));
      t.throws(() => decoded(cut), { instanceOf: RecordError }, `${length} of ${batch.length}`);
    }
  });
}

test('snappy is written as a stream of blocks, as the Java client does, and one raw block is read as well', (t) => {
  const codec = codecNamed('snappy');
  const bytes = Buffer.alloc(100_000, 'snappy');
  t.is(codec.compress(bytes).toString('hex', 0, 16), '82534e41505059000000000100000001');
  const raw = compressSync(bytes);
  t.true(codec.decompress(raw, bytes.length).equals(bytes));
  t.throws(() => codec.decompress(raw, bytes.length - 1), {
    message: /to 100000 bytes, more than the 99999 allowed/,
  });
});

test('a raw snappy block that claims four gigabytes is refused before anything is allocated', (t) => {
  const claim = Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0, 0]);
  t.throws(() => codecNamed('snappy').decompress(claim, 1000), {
    message: /to 4294967295 bytes, more than the 1000 allowed/,
  });
});

test('a zstd frame that claims a terabyte is refused before anything is allocated', (t) => {
  // Magic, single segment with 8 bytes of size, the size, and one empty raw block that is the last.
  const frame = Buffer.from('28b52ffde00000000000010000010000', 'hex');
  t.throws(() => codecNamed('zstd').decompress(frame, 1000), {
    message: /to 1099511627776 bytes, more than the 1000 allowed/,
  });
});

test('an lz4 frame is not followed by anything', (t) => {
  const codec = codecNamed('lz4');
  const frame = codec.compress(Buffer.from('abc'));
  t.throws(() => codec.decompress(Buffer.concat([frame, frame]), 1000), {
    instanceOf: RecordError,
    message: /the frame ends at byte/,
  });
});

test('gzip with several members is inflated as a whole', (t) => {
  const members = Buffer.concat([gzipSync('first'), gzipSync('second')]);
  t.is(codecNamed('gzip').decompress(members, 11).toString(), 'firstsecond');
  t.throws(() => codecNamed('gzip').decompress(members, 10), { message: /more than 10 bytes/ });
});

test('unknown codecs are refused by name and by number', (t) => {
  t.throws(() => codecNamed('brotli' as Compression), {
    instanceOf: ConfigError,
    message: /none, gzip, snappy, lz4, zstd, not brotli/,
  });
  for (const bits of [5, 6, 7]) {
    const batch = rewritten(batchOf(records('a')), (copy) => copy.writeInt16BE(bits, 21));
    t.throws(() => decoded(batch), {
      instanceOf: RecordError,
      message: new RegExp(`codec ${bits}, which is not known`),
    });
  }
});
