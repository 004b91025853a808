import assert from 'node:assert/strict';
import { crc32c } from '@node-rs/crc32';
import test from 'ava';
import fc from 'fast-check';
import { ConfigError, LifecycleError } from '../../../source/kernel/errors.ts';
import type { HeadersInit } from '../../../source/message.ts';
import {
  attributesOf,
  baseSequenceOf,
  baseTimestampOf,
  batchBytes,
  crcOf,
  lastOffsetDeltaOf,
  magicOf,
  maxTimestampOf,
  producerEpochOf,
  producerIdOf,
  recordCountOf,
} from '../../../source/kafka/records/batch-header.ts';
import { prepareCompression } from '../../../source/kafka/records/compression.ts';
import { RecordBatchBuilder, stampBatch } from '../../../source/kafka/records/record-batch-builder.ts';
import {
  anyRecords,
  batchOf,
  compressions,
  decoded,
  measured,
  record,
  records,
  valuesOf,
} from './batches.ts';

test.before(prepareCompression);

test('append returns what a record adds, and never more than was measured', (t) => {
  const property = fc.property(anyRecords, fc.constantFrom(0, 61, 100, 5000), (content, room) => {
    const builder = new RecordBatchBuilder({ compression: 'none', buffer: Buffer.alloc(room) });
    for (const [i, one] of content.entries()) {
      const before = builder.bytes;
      const added = builder.append(measured(one));
      assert.equal(builder.bytes, before + added);
      assert.equal(builder.count, i + 1);
      const atMost = measured(one).bytes - 61;
      assert.ok(added <= atMost && added >= atMost - 20, `${added} of at most ${atMost}`);
    }
    const size = builder.bytes;
    assert.equal(builder.seal().bytes.length, size);
  });
  t.notThrows(() => {
    fc.assert(property);
  });
});

test('an empty builder has the size of a batch header', (t) => {
  const builder = new RecordBatchBuilder({ compression: 'none' });
  t.is(builder.count, 0);
  t.is(builder.bytes, 61);
});

test('a builder copies: the bytes that it was given may change afterwards', (t) => {
  const value = Buffer.from('before');
  const builder = new RecordBatchBuilder({ compression: 'none' });
  builder.append(measured(record({ value })));
  value.fill('x');
  const sealed = builder.seal();
  stampBatch(sealed, undefined);
  t.deepEqual(valuesOf(decoded(sealed.bytes)), ['before']);
});

for (const compression of compressions) {
  test(`the header of a batch sealed with ${compression} says what the broker checks`, (t) => {
    const builder = new RecordBatchBuilder({ compression });
    for (const timestamp of [2000, 1000, 3000])
      builder.append(measured(record({ value: Buffer.alloc(400), timestamp })));
    const uncompressed = builder.bytes;
    const sealed = builder.seal();
    stampBatch(sealed, undefined);
    const { bytes } = sealed;
    t.is(sealed.count, 3);
    t.is(sealed.uncompressedBytes, uncompressed);
    t.is(bytes.length < uncompressed, compression !== 'none');
    t.is(bytes.readBigInt64BE(0), 0n);
    t.is(batchBytes(bytes, 0), bytes.length);
    t.is(magicOf(bytes, 0), 2);
    t.is(attributesOf(bytes, 0), compressions.indexOf(compression));
    t.is(lastOffsetDeltaOf(bytes, 0), 2);
    t.is(recordCountOf(bytes, 0), 3);
    t.is(baseTimestampOf(bytes, 0), 2000);
    t.is(maxTimestampOf(bytes, 0), 3000);
    t.is(crcOf(bytes, 0), crc32c(bytes.subarray(21)));
  });
}

test('a stamp names the producer and can be given again, as a batch is resent under another id', (t) => {
  const builder = new RecordBatchBuilder({ compression: 'gzip' });
  builder.append(measured(record()));
  const sealed = builder.seal();
  const { bytes } = sealed;
  const stamped = () => ({
    producerId: producerIdOf(bytes, 0),
    epoch: producerEpochOf(bytes, 0),
    baseSequence: baseSequenceOf(bytes, 0),
    attributes: attributesOf(bytes, 0),
    messages: decoded(bytes).messages.length,
  });

  stampBatch(sealed, { producerId: 2n ** 60n, epoch: 3, baseSequence: 500, transactional: true });
  t.deepEqual(stamped(), {
    producerId: 2n ** 60n,
    epoch: 3,
    baseSequence: 500,
    attributes: 0x11,
    messages: 1,
  });
  stampBatch(sealed, { producerId: 8n, epoch: 0, baseSequence: 0 });
  t.deepEqual(stamped(), { producerId: 8n, epoch: 0, baseSequence: 0, attributes: 1, messages: 1 });
  stampBatch(sealed, undefined);
  t.deepEqual(stamped(), { producerId: -1n, epoch: -1, baseSequence: -1, attributes: 1, messages: 1 });
});

test('a sealed builder is spent, and an empty one is never sealed', (t) => {
  const builder = new RecordBatchBuilder({ compression: 'none' });
  t.throws(() => builder.seal(), { instanceOf: LifecycleError });
  builder.append(measured(record()));
  builder.seal();
  t.throws(() => builder.seal(), { instanceOf: LifecycleError });
  t.throws(() => builder.append(measured(record())), { instanceOf: LifecycleError });
});

test('headers may be an object, with arrays for repeated names, or pairs', (t) => {
  const pairs = (headers: HeadersInit) => {
    const [message] = decoded(batchOf([record({ headers })])).messages;
    return [...(message?.headers ?? [])].map(([name, value]) => [name, value?.toString() ?? null]);
  };
  t.deepEqual(
    pairs({ a: 'text', b: Buffer.from('bytes'), c: null, d: ['1', Buffer.from('2'), null], e: [] }),
    [
      ['a', 'text'],
      ['b', 'bytes'],
      ['c', null],
      ['d', '1'],
      ['d', '2'],
      ['d', null],
    ],
  );
  t.deepEqual(
    pairs([
      ['b', 'é'],
      ['a', new Uint8Array([0x31])],
      ['b', null],
    ]),
    [
      ['b', 'é'],
      ['a', '1'],
      ['b', null],
    ],
  );
  t.deepEqual(pairs(new Map([['m', 'v']])), [['m', 'v']]);
  t.deepEqual(pairs({}), []);
});

test('the headers of a consumed message can be sent on as they are', (t) => {
  const first = decoded(batchOf([record({ headers: { a: ['1', null], b: '2' } })])).messages[0];
  const again = decoded(batchOf([record({ headers: first?.headers })])).messages[0];
  t.deepEqual([...(again?.headers ?? [])], [...(first?.headers ?? [])]);
  t.is(again?.headers.size, 3);
});

test('a wrong header or timestamp is refused by name, and the batch stays as it was', (t) => {
  const builder = new RecordBatchBuilder({ compression: 'none' });
  for (const one of records('a', 'b')) builder.append(measured(one));
  const before = builder.bytes;
  const wrong: readonly (readonly [unknown, RegExp])[] = [
    [{ trace: 7 }, /header "trace" must be a Buffer, text or null, not 7/],
    [{ trace: undefined }, /header "trace" .* not undefined/],
    [{ trace: ['ok', { a: 1 }] }, /header "trace" .* not \{ a: 1 \}/],
    [[['trace', 1n]], /header "trace" .* not 1n/],
    [[[5, 'x']], /a header name must be text, not 5/],
  ];
  for (const [headers, message] of wrong) {
    t.throws(() => builder.append(measured(record({ headers: headers as HeadersInit }))), {
      instanceOf: ConfigError,
      message,
    });
  }
  for (const timestamp of [NaN, 1.5, Infinity, 2 ** 53]) {
    t.throws(() => builder.append(measured(record({ timestamp }))), {
      instanceOf: ConfigError,
      message: /timestamp/,
    });
  }
  t.is(builder.bytes, before);
  builder.append(measured(record({ value: Buffer.from('c') })));
  const sealed = builder.seal();
  stampBatch(sealed, undefined);
  t.deepEqual(valuesOf(decoded(sealed.bytes)), ['a', 'b', 'c']);
});
