import { gzipSync } from 'node:zlib';
import type { ExecutionContext } from 'ava';
import { codecNamed } from '../../../source/kafka/records/compression.ts';
import { attributesOf, maxTimestampOf } from '../../../source/kafka/records/batch-header.ts';
import { decodeRecordSet } from '../../../source/kafka/records/decode-record-set.ts';
import { present } from '../raw/present.ts';
import { type BatchParts, rawBatch, rawRecord, rawRecords, type RecordParts } from '../raw/raw-batch.ts';
import { newTopic } from '../raw/raw-cluster.ts';
import { fetch } from '../raw/raw-fetch.ts';
import { produceOne } from '../raw/raw-produce.ts';
import { listOffset } from '../raw/raw-topics.ts';
import type { ContractCase } from './contract-case.ts';

const GZIP = 1;
const SNAPPY = 2;
const LZ4 = 3;
const ZSTD = 4;
const HOUR_MS = 3_600_000;

/** What is sent, and the error code that a broker answers. */
type Damage = readonly [what: string, parts: BatchParts, code: number];

const snappy = (records: Buffer) => codecNamed('snappy').compress(records);
const lz4 = (records: Buffer) => codecNamed('lz4').compress(records);

function one(record: RecordParts): BatchParts {
  return { body: rawRecord(record) };
}

/** Two records with these offset deltas. */
function deltas(first: number, second: number): Buffer {
  return Buffer.concat([rawRecord({ offsetDelta: first }), rawRecord({ offsetDelta: second })]);
}

/** The record whose length is written in this many bytes more than it needs. */
function longLength(more: number): Buffer {
  const record = rawRecord();
  const length = Buffer.from([0x80 | present(record[0]), ...Array<number>(more - 1).fill(0x80), 0]);
  return Buffer.concat([length, record.subarray(1)]);
}

/** A record whose timestamp is written in this many bytes. */
function longTimestamp(bytes: number): Buffer {
  const timestamp = [...Array<number>(bytes - 1).fill(0x80), 0];
  const record = [0, ...timestamp, 0, 1, 2, 118, 0];
  return Buffer.from([record.length * 2, ...record]);
}

function flipped(bytes: Buffer, fromEnd: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[copy.length - fromEnd] = present(copy.at(-fromEnd)) ^ 1;
  return copy;
}

const garbage = Buffer.from('garbage garbage garbage');

const plain: readonly Damage[] = [
  ['more records than the count', { count: 2, body: rawRecords(3) }, 87],
  ['fewer records than the count', { count: 3, body: rawRecords(2) }, 87],
  ['a huge count', { count: 2_147_483_647, body: rawRecord() }, 87],
  ['no record and a count of none', { count: 0 }, 87],
  ['a count below none', { count: -1, lastOffsetDelta: -2, body: rawRecord() }, 87],
  ['garbage', { body: garbage }, 87],
  ['nothing', { body: Buffer.alloc(0) }, 87],
  ['zeros', { body: Buffer.alloc(50) }, 87],
  ['a length without an end', { body: Buffer.alloc(50, 0xff) }, -1],
  ['bytes after the last record', { body: Buffer.concat([rawRecord(), Buffer.alloc(3)]) }, 87],
  ['a record of a negative length', one({ length: -1 }), 87],
  ['a record of no length', one({ length: 0 }), 87],
  ['a record that is longer than its length', one({ length: 5 }), 87],
  [
    'a record that is shorter than its length',
    { body: Buffer.concat([rawRecord({ length: 10 }), Buffer.alloc(2)]) },
    87,
  ],
  ['a record beyond the batch', one({ length: 500 }), 87],
  ['a value beyond the record', one({ valueLength: 100 }), 87],
  ['a header count below none', one({ headerCount: -1 }), 87],
  ['a header that is missing', one({ headerCount: 1 }), 87],
  ['a huge header count', one({ headerCount: 2_147_483_647 }), 87],
  ['a header without a name', one({ headerCount: 1, after: Buffer.from([1, 1]) }), 87],
  ['a header name beyond the record', one({ headerCount: 1, after: Buffer.from([20, 1]) }), 87],
  ['bytes after the headers', one({ after: Buffer.from([1, 2, 3]) }), 87],
  ['a length of seven bytes', { body: longLength(6) }, -1],
  ['a timestamp of eleven bytes', { body: longTimestamp(11) }, 87],
  ['a sequence below none', { producerId: 5n, epoch: 0 }, 87],
];

const compressed: readonly Damage[] = [
  ['codec 5', { attributes: 5 }, -1],
  ['codec 7', { attributes: 7 }, -1],
  ['what is no gzip', { attributes: GZIP, body: garbage }, -1],
  ['no gzip at all', { attributes: GZIP, body: Buffer.alloc(0) }, -1],
  ['half a gzip', { attributes: GZIP, count: 100, body: gzipSync(rawRecords(100)).subarray(0, 50) }, -1],
  ['a gzip with a wrong checksum', { attributes: GZIP, body: flipped(gzipSync(rawRecord()), 5) }, -1],
  ['gzip of garbage', { attributes: GZIP, body: gzipSync(garbage) }, 87],
  ['gzip of nothing', { attributes: GZIP, body: gzipSync(Buffer.alloc(0)) }, 87],
  ['gzip of fewer records', { attributes: GZIP, count: 3, body: gzipSync(rawRecords(2)) }, 87],
  ['gzip of more records', { attributes: GZIP, count: 2, body: gzipSync(rawRecords(3)) }, 87],
  ['gzip of a long length', { attributes: GZIP, body: gzipSync(longLength(6)) }, 87],
  [
    'gzip of a header count below none',
    { attributes: GZIP, body: gzipSync(rawRecord({ headerCount: -1 })) },
    87,
  ],
  ['gzip of equal offsets', { attributes: GZIP, count: 2, body: gzipSync(deltas(0, 0)) }, -1],
  ['gzip of offsets that go back', { attributes: GZIP, count: 2, body: gzipSync(deltas(1, 0)) }, -1],
  ['gzip of an offset too large', { attributes: GZIP, body: gzipSync(rawRecord({ offsetDelta: 5 })) }, -1],
  ['gzip of 64 MB of zeros', { attributes: GZIP, body: gzipSync(Buffer.alloc(64_000_000)) }, 87],
  ['what is no snappy', { attributes: SNAPPY, body: Buffer.from('not snappy at all, no') }, -1],
  ['snappy of garbage', { attributes: SNAPPY, body: snappy(garbage) }, 87],
  ['what is no lz4', { attributes: LZ4, body: garbage }, -1],
  ['lz4 of garbage', { attributes: LZ4, body: lz4(garbage) }, 87],
  ['what is no zstd', { attributes: ZSTD, body: garbage }, -1],
  ['no zstd at all', { attributes: ZSTD, body: Buffer.alloc(0) }, 87],
];

/** A broker takes them, and consumers must live with it. */
const taken: readonly Damage[] = [
  ['equal offsets', { count: 2, body: deltas(0, 0) }, 0],
  ['offsets that go back', { count: 2, body: deltas(1, 0) }, 0],
  ['offsets beyond the batch', { count: 2, body: deltas(0, 5) }, 0],
  ['a key length below null', one({ keyLength: -2 }), 0],
  ['a value length below null', one({ valueLength: -2, value: Buffer.alloc(0) }), 0],
  ['a header value below null', one({ headerCount: 1, after: Buffer.from([0, 3]) }), 0],
  ['a length of five bytes', { body: longLength(4) }, 0],
  ['a timestamp of ten bytes', { body: longTimestamp(10) }, 0],
  [
    'gzip of a record whose length is wrong',
    { attributes: GZIP, body: gzipSync(rawRecord({ length: -1 })) },
    0,
  ],
  [
    'gzip of a value length below null',
    { attributes: GZIP, body: gzipSync(rawRecord({ valueLength: -2, value: Buffer.alloc(0) })) },
    0,
  ],
  ['bits of the attributes without a meaning', { attributes: -32_576 }, 0],
];

function answers(damages: readonly Damage[]): ContractCase['run'] {
  return async (t, brokers) => {
    const { topic, leader } = await newTopic(t, brokers);
    for (const [what, parts, code] of damages) {
      const [answered] = await produceOne(leader, topic, rawBatch(parts));
      t.is(answered, code, what);
    }
    const stored = damages.filter(([, , code]) => code === 0);
    const records = stored.reduce((sum, [, { count = 1 }]) => sum + count, 0);
    t.is((await listOffset(leader, topic, -1)).offset, records, 'what is refused takes no offset');
    t.is((await listOffset(leader, topic, 0)).code, 0, 'it can be searched by time');
  };
}

async function timestamps(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { topic, leader } = await newTopic(t, brokers);
  const now = Date.now();
  const code = async (parts: BatchParts) => (await produceOne(leader, topic, rawBatch(parts)))[0];
  t.is(await code({ timestamp: now + HOUR_MS + 60_000 }), 32, 'more than an hour ahead');
  t.is(await code({ timestamp: now + 10 * 365 * 24 * HOUR_MS }), 32);
  t.is(
    await code({ timestamp: now, body: rawRecord({ timestampDelta: 4_000_000_000 }) }),
    32,
    'a record of it',
  );
  const body = gzipSync(rawRecord());
  t.is(await code({ timestamp: now + 2 * HOUR_MS, attributes: GZIP, body }), 32, 'compressed');
  t.is(await code({ timestamp: now + HOUR_MS - 60_000 }), 0, 'less than an hour ahead');
  for (const timestamp of [0, -1, -5_000]) t.is(await code({ timestamp }), 0, 'as old as may be');
}

async function headerTimes(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { topic, leader } = await newTopic(t, brokers);
  const timestamp = 1_700_000_000_000;
  const body = gzipSync(rawRecord());
  const sent: readonly BatchParts[] = [
    { timestamp, maxTimestamp: timestamp + 1e12 },
    { timestamp, maxTimestamp: 5 },
    { timestamp, maxTimestamp: 5, attributes: GZIP, body },
    // Says that the broker stamped it.
    { timestamp, attributes: 8 },
  ];
  for (const [offset, parts] of sent.entries()) {
    t.deepEqual(await produceOne(leader, topic, rawBatch(parts)), [0, offset]);
    const [read] = await fetch(leader, topic, [{ partition: 0, offset }]);
    const { records } = present(read);
    t.is(maxTimestampOf(records, 0), timestamp, 'the largest of its records');
    t.is(attributesOf(records, 0), (parts.attributes ?? 0) & ~8);
    const options = { topic, partition: 0, fromOffset: offset, aborted: undefined };
    const set = decodeRecordSet(records, { ...options, maxInflatedBytes: 1_000, inflateBudget: 1_000 });
    t.is(set.messages.length, 1, 'with a right checksum');
  }
  t.is((await listOffset(leader, topic, timestamp + 1)).offset, -1);
}

async function inOrder(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { topic, leader } = await newTopic(t, brokers);
  const long = rawBatch({ attributes: GZIP, count: 10, body: gzipSync(rawRecords(10, 1_000_000)) });
  const answered = await Promise.all([
    produceOne(leader, topic, long),
    produceOne(leader, topic, rawBatch({ count: 2 })),
    produceOne(leader, topic, long),
    produceOne(leader, topic, rawBatch({ attributes: GZIP, body: gzipSync(garbage) })),
    produceOne(leader, topic, rawBatch()),
  ]);
  t.deepEqual(answered, [
    [0, 0],
    [0, 10],
    [0, 12],
    [87, -1],
    [0, 22],
  ]);
}

/** Batches whose checksum fits, and whose records do not. */
export const damagedCases: readonly ContractCase[] = [
  { title: 'a batch whose records are damaged is refused', run: answers(plain) },
  { title: 'a batch whose compressed records are damaged is refused', run: answers(compressed) },
  { title: 'damage that no broker looks for is stored', run: answers(taken) },
  { title: 'records whose timestamps are far ahead are refused', run: timestamps },
  { title: 'the times in the header of a batch are corrected', run: headerTimes },
  { title: 'batches that take long to inflate are appended in the order of their requests', run: inOrder },
];
