import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import {
  varintAt,
  varintBytes,
  varintEnd,
  varlongAt,
  varlongBytes,
  writeVarint,
  writeVarlong,
} from '../../../source/kafka/records/varint.ts';
import { VarintCursor } from '../../../source/kafka/records/varint-cursor.ts';

/** The encoding by its definition, on 64-bit numbers. */
function reference(value: bigint): Buffer {
  const bytes: number[] = [];
  let raw = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  for (; raw >= 0x80n; raw >>= 7n) bytes.push(Number(raw & 0x7fn) | 0x80);
  bytes.push(Number(raw));
  return Buffer.from(bytes);
}

const edges = [0, -1, 1, 63, -64, 64, -65, 8191, -8192, 8192, 2 ** 31 - 1, -(2 ** 31)];
const int32 = fc.oneof(fc.constantFrom(...edges), fc.integer());

test('varints are written and read as defined', (t) => {
  const property = fc.property(int32, fc.nat(3), (value, at) => {
    const bytes = reference(BigInt(value));
    assert.equal(varintBytes(value), bytes.length);
    const buffer = Buffer.alloc(16, 0xff);
    assert.equal(writeVarint(buffer, value, at), at + bytes.length);
    assert.ok(buffer.subarray(at, at + bytes.length).equals(bytes));
    assert.equal(varintAt(buffer, at), value);
    assert.equal(varintEnd(buffer, at), at + bytes.length);
    const cursor = new VarintCursor(buffer, at);
    assert.equal(cursor.varint(), value);
    assert.equal(cursor.at, at + bytes.length);
    cursor.at = at;
    cursor.skip();
    assert.equal(cursor.at, at + bytes.length);
  });
  t.notThrows(() => {
    fc.assert(property, { numRuns: 2000 });
  });
});

test('varlongs are written and read as defined', (t) => {
  const property = fc.property(fc.oneof(int32, fc.integer({ min: -(2 ** 52), max: 2 ** 52 })), (value) => {
    const bytes = reference(BigInt(value));
    assert.equal(varlongBytes(value), bytes.length);
    const buffer = Buffer.alloc(16, 0xff);
    assert.equal(writeVarlong(buffer, value, 1), 1 + bytes.length);
    assert.ok(buffer.subarray(1, 1 + bytes.length).equals(bytes));
    assert.equal(varlongAt(buffer, 1), value);
    assert.equal(varintEnd(buffer, 1), 1 + bytes.length);
  });
  t.notThrows(() => {
    fc.assert(property, { numRuns: 2000 });
  });
});

test('any 64-bit number is read, rounded beyond 2^53', (t) => {
  const property = fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
    const read = varlongAt(reference(value), 0);
    assert.ok(Math.abs(read - Number(value)) <= Math.abs(Number(value)) * 2 ** -51, `${value}: ${read}`);
  });
  t.notThrows(() => {
    fc.assert(property, { numRuns: 2000 });
  });
});

test('a varint without an end within its five bytes leaves the cursor past every limit', (t) => {
  const cursor = new VarintCursor(Buffer.alloc(64, 0x80), 0);
  t.is(cursor.varint(), 0);
  t.true(cursor.at > 2 ** 30);
});

test('past the end of the buffer zeros are read', (t) => {
  const empty = Buffer.alloc(0);
  t.is(varintAt(empty, 0), 0);
  t.is(varintEnd(empty, 0), 1);
  t.is(varlongAt(Buffer.from([0x82]), 0), 1);
  const cursor = new VarintCursor(Buffer.from([0x82]), 0);
  t.is(cursor.varint(), 1);
  t.is(cursor.varint(), 0);
});
