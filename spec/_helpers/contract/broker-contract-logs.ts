import type { ExecutionContext } from 'ava';
import { baseOffsetOf, batchBytes } from '../../../source/kafka/records/batch-header.ts';
import type { ContractCase } from './contract-case.ts';
import { rawBatch } from '../raw/raw-batch.ts';
import type { BatchParts } from '../raw/raw-batch.ts';
import { newTopic } from '../raw/raw-cluster.ts';
import { RawClient } from '../raw/raw-client.ts';
import { fetch, initProducerId, listOffset, metadata, present, produce } from '../raw/raw-requests.ts';
import { until } from '../until.ts';

const NEVER_SEEN_PRODUCER = 987_654_321n;
const MAX_BATCH_BYTES = 1_048_588;

type Answer = readonly [code: number, baseOffset: number];

/** Sends one batch to partition 0 and returns code and offset. */
async function send(client: RawClient, topic: string, records: Buffer, version = 7): Promise<Answer> {
  const [answer] = await produce(client, [{ topic, records }], version);
  const { code, baseOffset } = present(answer);
  return [code, baseOffset];
}

async function newProducer(client: RawClient): Promise<bigint> {
  const { producerId } = await until(
    async () => {
      const answer = await initProducerId(client);
      return answer.code === 0 && answer;
    },
    { deadlineMs: 20_000, what: 'a producer id' },
  );
  return producerId;
}

async function idempotence(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { topic, leader } = await newTopic(t, brokers);
  const producerId = await newProducer(leader);
  const batch = (sequence: number, parts: BatchParts = {}) =>
    rawBatch({ count: 2, producerId, epoch: 0, sequence, ...parts });
  for (let i = 0; i < 6; i++) t.deepEqual(await send(leader, topic, batch(i * 2)), [0, i * 2]);
  t.deepEqual(await send(leader, topic, batch(2)), [0, 2], 'a duplicate of one of the last five');
  t.deepEqual(await send(leader, topic, batch(10)), [0, 10], 'a duplicate of the last');
  t.deepEqual(await send(leader, topic, batch(0)), [45, -1], 'a duplicate of an older one');
  t.deepEqual(await send(leader, topic, batch(10, { count: 3 })), [45, -1], 'same sequence, other length');
  t.deepEqual(await send(leader, topic, batch(14)), [45, -1], 'a gap');
  t.deepEqual(await send(leader, topic, batch(4, { epoch: 1 })), [45, -1], 'a new epoch not from 0');
  t.deepEqual(await send(leader, topic, batch(0, { epoch: 1 })), [0, 12], 'a new epoch from 0');
  t.deepEqual(await send(leader, topic, batch(12)), [47, -1], 'the old epoch');
  const other = rawBatch({ count: 2, producerId: NEVER_SEEN_PRODUCER, epoch: 0, sequence: 77 });
  t.deepEqual(await send(leader, topic, other), [0, 14], 'an unknown producer at any sequence');
}

async function duplicateTime(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { topic, leader } = await newTopic(t, brokers);
  const producerId = await newProducer(leader);
  const records = rawBatch({ producerId, epoch: 0, sequence: 0, timestamp: 1_700_000_000_123 });
  const [first] = await produce(leader, [{ topic, records }]);
  const [again] = await produce(leader, [{ topic, records }]);
  t.is(first?.logAppendTime, -1);
  t.is(again?.logAppendTime, 1_700_000_000_123);
}

async function refusedBatches(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { topic, leader } = await newTopic(t, brokers);
  const damaged = rawBatch({ count: 2 });
  damaged[70] = present(damaged[70]) ^ 1;
  const overhead = rawBatch({ valueBytes: 1_000_000 }).length - 1_000_000;
  const fitting = rawBatch({ valueBytes: MAX_BATCH_BYTES - overhead });
  t.is(fitting.length, MAX_BATCH_BYTES);
  t.deepEqual(await send(leader, topic, Buffer.concat([rawBatch(), rawBatch()])), [87, -1], 'two batches');
  t.deepEqual(await send(leader, topic, rawBatch({ baseOffset: 5 })), [87, -1], 'a base offset');
  t.deepEqual(
    await send(leader, topic, rawBatch({ count: 2, lastOffsetDelta: 4 })),
    [87, -1],
    'a wrong count',
  );
  t.deepEqual(await send(leader, topic, Buffer.alloc(0)), [87, -1], 'nothing');
  t.deepEqual(await send(leader, topic, rawBatch({ attributes: 4 }), 6), [76, -1], 'zstd in version 6');
  t.deepEqual(await send(leader, topic, damaged), [2, -1], 'a wrong CRC');
  const tooLarge = rawBatch({ valueBytes: MAX_BATCH_BYTES - overhead + 1 });
  t.deepEqual(await send(leader, topic, tooLarge), [10, -1], 'a byte too much');
  t.deepEqual(await send(leader, topic, fitting), [0, 0], 'just as much as is allowed');
}

async function twiceInOneRequest(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { topic, leader } = await newTopic(t, brokers);
  const answers = await produce(leader, [
    { topic, records: rawBatch({ count: 3 }) },
    { topic, records: rawBatch({ count: 2 }) },
  ]);
  t.deepEqual(
    answers.map(({ code, baseOffset }) => [code, baseOffset]),
    [[0, 0]],
  );
  t.is((await listOffset(leader, topic, -1)).offset, 2);
}

async function independentPartitions(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { topic, leader } = await newTopic(t, brokers);
  const answers = await produce(leader, [
    { topic, records: rawBatch() },
    { topic, partition: 99, records: rawBatch() },
  ]);
  t.deepEqual(answers.map(({ partition, code }) => [partition, code]).sort(), [
    [0, 0],
    [99, 3],
  ]);
}

async function boundedFetch(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { topic, leader } = await newTopic(t, brokers);
  const batch = rawBatch({ valueBytes: 1_000 });
  for (let i = 0; i < 3; i++) await send(leader, topic, batch);
  const [small] = await fetch(leader, topic, [{ partition: 0, offset: 0, maxBytes: 100 }]);
  t.is(small?.records.length, batch.length, 'the first batch comes whole');
  const [cut] = await fetch(leader, topic, [{ partition: 0, offset: 0, maxBytes: batch.length + 100 }]);
  t.is(cut?.records.length, batch.length + 100, 'a later one is cut off');
  const [later] = await fetch(leader, topic, [{ partition: 0, offset: 1, maxBytes: 1 << 20 }]);
  t.is(later?.records.length, 2 * batch.length);
  t.is(baseOffsetOf(present(later?.records), 0), 1);
  const [request] = await fetch(leader, topic, [{ partition: 0, offset: 0 }], { maxBytes: 50 });
  t.is(request?.records.length, batch.length, 'the limit of the request does the same');
}

async function insideABatch(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { topic, leader } = await newTopic(t, brokers);
  await send(leader, topic, rawBatch({ count: 10 }));
  const [read] = await fetch(leader, topic, [{ partition: 0, offset: 7 }], { isolation: 1 });
  const { records, aborted, ...offsets } = present(read);
  t.is(baseOffsetOf(records, 0), 0);
  t.is(batchBytes(records, 0), records.length);
  t.deepEqual(aborted, []);
  t.deepEqual(offsets, { partition: 0, code: 0, highWatermark: 10, lastStableOffset: 10, logStartOffset: 0 });
  const [uncommitted] = await fetch(leader, topic, [{ partition: 0, offset: 10 }]);
  t.is(uncommitted?.aborted, undefined);
  t.is(uncommitted?.records.length, 0);
}

async function fetchErrors(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { topic, leader } = await newTopic(t, brokers);
  await send(leader, topic, rawBatch());
  const options = { maxWaitMs: 30_000 };
  const code = async (partition: number, offset: number, currentLeaderEpoch = -1) => {
    const [read] = await fetch(leader, topic, [{ partition, offset, currentLeaderEpoch }], options);
    const { highWatermark, lastStableOffset, logStartOffset } = present(read);
    t.deepEqual([highWatermark, lastStableOffset, logStartOffset], [-1, -1, -1]);
    return read?.code;
  };
  t.is(await code(0, 2), 1, 'past the end, at once');
  t.is(await code(7, 0), 3, 'no such partition');
  t.is(await code(0, 0, 1_000), 75, 'an epoch to come');
}

async function longPoll(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { topic, leader } = await newTopic(t, brokers);
  const second = (await sameLeader(t, brokers, topic)).client;
  const start = performance.now();
  const [empty] = await fetch(leader, topic, [{ partition: 0, offset: 0 }], { maxWaitMs: 300 });
  t.is(empty?.records.length, 0);
  t.true(performance.now() - start >= 290);
  const waiting = fetch(leader, topic, [{ partition: 0, offset: 0 }], { maxWaitMs: 30_000 });
  await send(second, topic, rawBatch());
  const [woken] = await waiting;
  t.is(woken?.highWatermark, 1);
  const held = fetch(leader, topic, [{ partition: 0, offset: 1 }], { maxWaitMs: 400 });
  const asked = performance.now();
  await metadata(leader, []);
  t.true(performance.now() - asked >= 390, 'a second request waits for the first one to be answered');
  await held;
}

async function sameLeader(
  t: ExecutionContext,
  brokers: readonly string[],
  topic: string,
): Promise<{ client: RawClient }> {
  const seed = await RawClient.open(t, present(brokers[0]));
  const { nodes, topics } = await metadata(seed, [topic]);
  const leader = present(topics[0]?.partitions[0]).leader;
  return { client: await RawClient.open(t, present(nodes.get(leader))) };
}

async function listed(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { topic, leader } = await newTopic(t, brokers);
  const time = 1_700_000_000_000;
  await send(leader, topic, rawBatch({ count: 5, timestamp: time }));
  await send(leader, topic, rawBatch({ count: 5, timestamp: time + 100 }));
  const at = async (timestamp: number) => {
    const { code, offset, timestamp: found } = await listOffset(leader, topic, timestamp);
    return [code, offset, found];
  };
  t.deepEqual(await at(-1), [0, 10, -1]);
  t.deepEqual(await at(-2), [0, 0, -1]);
  t.deepEqual(await at(time + 2), [0, 2, time + 2]);
  t.deepEqual(await at(time + 50), [0, 5, time + 100]);
  t.deepEqual(await at(time + 105), [0, -1, -1]);
  t.is((await listOffset(leader, topic, -1, { partition: 4 })).code, 3);
  t.is((await listOffset(leader, topic, -1, { currentLeaderEpoch: 1_000 })).code, 75);
  t.is((await listOffset(leader, topic, -3)).code, 35);
}

async function described(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { topic, leader } = await newTopic(t, brokers, 2);
  const { topics } = await metadata(leader, [topic, 'no-such-topic', 'not a name']);
  t.deepEqual(
    topics.map(({ topic: name, code }) => [name, code]),
    [
      [topic, 0],
      ['no-such-topic', 3],
      ['not a name', 17],
    ],
  );
  t.regex(topics[0]?.topicId ?? '', /^(?!0{32})[0-9a-f]{32}$/);
  t.is(topics[1]?.topicId, '0'.repeat(32));
  t.is(topics[0]?.partitions.length, 2);
  const all = await metadata(leader);
  t.true(all.topics.some(({ topic: name }) => name === topic));
}

async function epochEnd(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { topic, leader } = await newTopic(t, brokers);
  await send(leader, topic, rawBatch({ count: 3 }));
  const ask = async (version: number, leaderEpoch: number, currentLeaderEpoch = -1) => {
    const reader = await leader.call({
      key: 23,
      version,
      body: (writer) => {
        if (version >= 3) writer.int32(-1);
        writer.int32(1).string(topic).int32(1).int32(0).int32(currentLeaderEpoch).int32(leaderEpoch);
      },
    });
    reader.int32();
    const [answer] = reader.array(() => {
      reader.string();
      return reader.array(() => {
        const code = reader.int16();
        reader.int32();
        return [code, reader.int32(), reader.int64()];
      });
    });
    return answer?.[0];
  };
  for (const version of [2, 3]) {
    t.deepEqual(await ask(version, 0), [0, 0, 3]);
    t.deepEqual(await ask(version, 5), [0, -1, -1]);
    t.deepEqual(await ask(version, 0, 1_000), [75, -1, -1]);
  }
}

async function unsupportedVersions(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const client = await RawClient.open(t, present(brokers[0]));
  const reader = await client.call({ key: 18, version: 99, body: (writer) => writer.noTags() });
  t.is(reader.int16(), 35, 'ApiVersions answers in the form of version 0');
  t.true(reader.array(() => [reader.int16(), reader.int16(), reader.int16()]).some(([key]) => key === 18));
  await t.throwsAsync(client.call({ key: 3, version: 99 }), { message: /closed the connection|ECONNRESET/ });
}

/** Produce, Fetch, ListOffsets, Metadata, OffsetForLeaderEpoch, ApiVersions. */
export const logCases: readonly ContractCase[] = [
  { title: 'a batch is stored once, and sequences are checked per producer', run: idempotence },
  { title: 'the answer to a duplicate carries the time of its batch', run: duplicateTime },
  { title: 'batches that are no proper single batch are refused by name', run: refusedBatches },
  {
    title: 'of a partition that stands twice in a request only the second batch is stored',
    run: twiceInOneRequest,
  },
  { title: 'an error of one partition leaves the others of the request alone', run: independentPartitions },
  { title: 'a fetch gives a whole first batch and cuts later ones at its limits', run: boundedFetch },
  { title: 'a fetch from inside a batch gives the whole batch', run: insideABatch },
  { title: 'a fetch with an error on a partition is answered at once', run: fetchErrors },
  { title: 'a fetch waits for records, is woken by them, and holds up its connection', run: longPoll },
  { title: 'offsets are found by end, start and time', run: listed },
  { title: 'metadata names topics by id and says which are unknown', run: described },
  { title: 'the end of a leader epoch can be asked for', run: epochEnd },
  { title: 'only ApiVersions answers to a version that is not served', run: unsupportedVersions },
];
