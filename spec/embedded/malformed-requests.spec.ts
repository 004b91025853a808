import { gzipSync } from 'node:zlib';
import test from 'ava';
import { frameOf } from '../_helpers/malformed/malformed-frames.ts';
import { isServed, sendBytes, sendMalformed, watchedBroker } from '../_helpers/malformed/play-malformed.ts';
import { rawBatch, rawRecords } from '../_helpers/raw/raw-batch.ts';
import type { RawRequest } from '../_helpers/raw/raw-client.ts';

const MAX_WAIT_MS = 250;
const MAX_GROWTH_BYTES = 24 * 1024 * 1024;

test.serial('malformed requests hold up no other client, and take no memory', async (t) => {
  const broker = await watchedBroker(t);
  const seed = Date.now() % 1_000_000;
  t.log(`seed ${seed}`);
  await sendMalformed(broker.address, 1_000, seed);
  const first = await broker.report();
  await sendMalformed(broker.address, 3_000, seed + 1);
  const last = await broker.report();
  t.true(last.longestWaitMs < MAX_WAIT_MS, `waited ${last.longestWaitMs} ms`);
  t.true(last.answers > first.answers);
  t.deepEqual(
    last.errors.filter((error) => !error.includes('RecordError')),
    [],
  );
  const growth = last.usedBytes - first.usedBytes;
  t.true(growth < MAX_GROWTH_BYTES, `grew by ${growth} bytes`);
  t.true(await isServed(broker.address));
});

const many = Array.from({ length: 49_000 }, (_, i) => i);

function createTopics(names: readonly string[], partitions: number): RawRequest {
  return {
    key: 19,
    version: 4,
    body: (writer) =>
      writer
        .array(names, (_, name) => writer.string(name).int32(partitions).int16(-1).int32(0).int32(0))
        .int32(100)
        .boolean(false),
  };
}

function createPartitions(total: number): RawRequest {
  return {
    key: 37,
    version: 1,
    body: (writer) => writer.int32(1).string('target').int32(total).int32(-1).int32(100).boolean(false),
  };
}

function onPartitions(key: number, version: number, body: Required<RawRequest>['body']): RawRequest {
  return { key, version, body };
}

const bomb = rawBatch({ attributes: 1, body: gzipSync(Buffer.alloc(200_000_000)) });

const extremes: Readonly<Record<string, RawRequest>> = {
  'a topic of 100,000 partitions': createTopics(['large'], 100_000),
  'a topic of 2^31 - 1 partitions': createTopics(['large'], 0x7fff_ffff),
  'as many partitions as are allowed': createTopics(['wide'], 9_999),
  'thousands of topics': createTopics(
    many.slice(0, 4_000).map((i) => `topic-${i}`),
    1,
  ),
  '100,000 more partitions': createPartitions(100_000),
  '2^31 - 1 partitions': createPartitions(0x7fff_ffff),
  'the metadata of all topics': { key: 3, version: 1, body: (writer) => writer.int32(-1) },
  'the metadata of 49,000 topics': {
    key: 3,
    version: 1,
    body: (writer) => writer.array(many, (_, i) => writer.string(`none-${i}`)),
  },
  'commits of 9,900 partitions': onPartitions(8, 7, (writer) =>
    writer
      .string('g')
      .int32(-1)
      .string('')
      .nullableString(null)
      .int32(1)
      .string('wide')
      .array(many.slice(0, 9_900), (_, i) => {
        writer.int32(i).int64(1).int32(-1).nullableString('');
      }),
  ),
  'the times of 9,900 partitions': onPartitions(2, 5, (writer) =>
    writer
      .int32(-1)
      .int8(0)
      .int32(1)
      .string('wide')
      .array(many.slice(0, 9_900), (_, i) => {
        writer.int32(i).int32(-1).int64(5);
      }),
  ),
  'a fetch of 9,900 partitions': onPartitions(1, 10, (writer) =>
    writer
      .int32(-1)
      .int32(50)
      .int32(1)
      .int32(1 << 20)
      .int8(0)
      .int32(0)
      .int32(0)
      .int32(1)
      .string('wide')
      .array(many.slice(0, 9_900), (_, i) =>
        writer
          .int32(i)
          .int32(-1)
          .int64(0)
          .int64(-1)
          .int32(1 << 20),
      )
      .int32(0),
  ),
  'the settings of 9,000 topics': {
    key: 32,
    version: 2,
    body: (writer) =>
      writer.array(many.slice(0, 9_000), () => writer.int8(2).string('target').int32(-1)).boolean(false),
  },
  'a group that is described 49,000 times': {
    key: 15,
    version: 4,
    body: (writer) => writer.array(many, () => writer.string('g')).boolean(false),
  },
  'a member with 49,000 protocols': {
    key: 11,
    version: 3,
    body: (writer) =>
      writer
        .string('g')
        .int32(10_000)
        .int32(100)
        .string('')
        .string('consumer')
        .array(many, (_, i) => writer.string(`p${i}`).int32(0)),
  },
  'a gzip of 200 MB': onPartitions(0, 7, (writer) =>
    writer.nullableString(null).int16(-1).int32(100).int32(1).string('target').int32(1).int32(0).bytes(bomb),
  ),
  '90 MB of records': onPartitions(0, 7, (writer) => {
    const batch = rawBatch({ count: 50_000, body: rawRecords(50_000) });
    writer.nullableString(null).int16(-1).int32(100).int32(1).string('wide');
    writer.array(many.slice(0, Math.floor(90_000_000 / batch.length)), (_, i) =>
      writer.int32(i).bytes(batch),
    );
  }),
  'an array that is longer than its request': onPartitions(3, 1, (writer) => writer.int32(0x7fff_ffff)),
};

test.serial('what asks for very much holds up no other client', async (t) => {
  t.timeout(120_000);
  const broker = await watchedBroker(t);
  for (const [what, request] of Object.entries(extremes)) {
    await sendBytes(broker.address, frameOf(request), { quietMs: 300 });
    const { longestWaitMs } = await broker.report();
    t.true(longestWaitMs < MAX_WAIT_MS, `${what}: another client waited ${longestWaitMs} ms`);
  }
  t.true(await isServed(broker.address));
});

test.serial('many requests whose answers nobody reads hold up no other client', async (t) => {
  const broker = await watchedBroker(t);
  await sendBytes(broker.address, frameOf(createTopics(['wide'], 9_000)), { quietMs: 300 });
  const before = await broker.report();
  const metadata = frameOf({ key: 3, version: 1, body: (writer) => writer.int32(-1) });
  const unread = { reads: false, quietMs: 1_500 };
  const small = frameOf({ key: 18, version: 0 });
  await Promise.all([
    sendBytes(broker.address, Buffer.concat(Array<Buffer>(60).fill(metadata)), unread),
    sendBytes(broker.address, Buffer.concat(Array<Buffer>(50_000).fill(small)), unread),
    sendBytes(broker.address, Buffer.concat(Array<Buffer>(50_000).fill(small)), unread),
  ]);
  const after = await broker.report();
  t.true(after.longestWaitMs < MAX_WAIT_MS, `waited ${after.longestWaitMs} ms`);
  t.true(after.usedBytes - before.usedBytes < MAX_GROWTH_BYTES);
});
