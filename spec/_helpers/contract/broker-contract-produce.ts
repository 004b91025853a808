import type { ExecutionContext } from 'ava';
import { rawBatch } from '../raw/raw-batch.ts';
import type { BatchParts } from '../raw/raw-batch.ts';
import { newTopic } from '../raw/raw-cluster.ts';
import type { RawClient } from '../raw/raw-client.ts';
import { present } from '../raw/present.ts';
import { initProducerId, produce, produceOne } from '../raw/raw-produce.ts';
import { listOffset } from '../raw/raw-topics.ts';
import { until } from '../until.ts';
import type { ContractCase } from './contract-case.ts';

const NEVER_SEEN_PRODUCER = 987_654_321n;
const MAX_BATCH_BYTES = 1_048_588;

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
  for (let i = 0; i < 6; i++) t.deepEqual(await produceOne(leader, topic, batch(i * 2)), [0, i * 2]);
  t.deepEqual(await produceOne(leader, topic, batch(2)), [0, 2], 'a duplicate of one of the last five');
  t.deepEqual(await produceOne(leader, topic, batch(10)), [0, 10], 'a duplicate of the last');
  t.deepEqual(await produceOne(leader, topic, batch(0)), [45, -1], 'a duplicate of an older one');
  t.deepEqual(
    await produceOne(leader, topic, batch(10, { count: 3 })),
    [45, -1],
    'same sequence, other length',
  );
  t.deepEqual(await produceOne(leader, topic, batch(14)), [45, -1], 'a gap');
  t.deepEqual(await produceOne(leader, topic, batch(4, { epoch: 1 })), [45, -1], 'a new epoch not from 0');
  t.deepEqual(await produceOne(leader, topic, batch(0, { epoch: 1 })), [0, 12], 'a new epoch from 0');
  t.deepEqual(await produceOne(leader, topic, batch(12)), [47, -1], 'the old epoch');
  const other = rawBatch({ count: 2, producerId: NEVER_SEEN_PRODUCER, epoch: 0, sequence: 77 });
  t.deepEqual(await produceOne(leader, topic, other), [0, 14], 'an unknown producer at any sequence');
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
  t.deepEqual(
    await produceOne(leader, topic, Buffer.concat([rawBatch(), rawBatch()])),
    [87, -1],
    'two batches',
  );
  t.deepEqual(await produceOne(leader, topic, rawBatch({ baseOffset: 5 })), [87, -1], 'a base offset');
  t.deepEqual(
    await produceOne(leader, topic, rawBatch({ count: 2, lastOffsetDelta: 4 })),
    [87, -1],
    'a wrong count',
  );
  t.deepEqual(await produceOne(leader, topic, Buffer.alloc(0)), [87, -1], 'nothing');
  t.deepEqual(await produceOne(leader, topic, rawBatch({ attributes: 4 }), 6), [76, -1], 'zstd in version 6');
  t.deepEqual(await produceOne(leader, topic, damaged), [2, -1], 'a wrong CRC');
  const tooLarge = rawBatch({ valueBytes: MAX_BATCH_BYTES - overhead + 1 });
  t.deepEqual(await produceOne(leader, topic, tooLarge), [10, -1], 'a byte too much');
  t.deepEqual(await produceOne(leader, topic, fitting), [0, 0], 'just as much as is allowed');
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

/** Produce, InitProducerId. */
export const produceCases: readonly ContractCase[] = [
  { title: 'a batch is stored once, and sequences are checked per producer', run: idempotence },
  { title: 'the answer to a duplicate carries the time of its batch', run: duplicateTime },
  { title: 'batches that are no proper single batch are refused by name', run: refusedBatches },
  {
    title: 'of a partition that is listed twice in a request only the second batch is stored',
    run: twiceInOneRequest,
  },
  { title: 'an error of one partition leaves the others of the request alone', run: independentPartitions },
];
