import type { ExecutionContext } from 'ava';
import {
  BATCH_HEADER_BYTES,
  attributesOf,
  baseSequenceOf,
  batchBytes,
  producerEpochOf,
  producerIdOf,
  recordCountOf,
} from '../../../source/kafka/records/batch-header.ts';
import { leaderAddress, newTopic } from '../raw/raw-cluster.ts';
import { present } from '../raw/present.ts';
import { rawBatch } from '../raw/raw-batch.ts';
import { RawClient } from '../raw/raw-client.ts';
import { fetch } from '../raw/raw-fetch.ts';
import { initProducerId, produceOne } from '../raw/raw-produce.ts';
import { listOffset } from '../raw/raw-topics.ts';
import {
  added,
  addPartitions,
  end,
  initialized,
  newTransactionalId,
  produceInTransaction,
  unlessBusy,
  type Owner,
} from '../raw/raw-transactions.ts';
import { describeProducers, writeMarker } from '../raw/raw-transaction-reports.ts';
import { until } from '../until.ts';
import { untilStable } from './broker-contract-transactions.ts';
import type { ContractCase } from './contract-case.ts';

const LATEST = -1;
const READ_COMMITTED = 1;
const deadlineMs = 20_000;
const NEVER_SEEN_PRODUCER = 987_654_322n;

/** The end of partition 0 for a reader of committed records, by ListOffsets. */
async function stableEnd(leader: RawClient, topic: string): Promise<number> {
  return (await listOffset(leader, topic, LATEST, { isolation: READ_COMMITTED })).offset;
}

async function newOwner(
  t: ExecutionContext,
  brokers: readonly string[],
  { partitions = 1, takenOver = false } = {},
) {
  const { topic, leader } = await newTopic(t, brokers, partitions);
  const transaction = await newTransactionalId(t, brokers);
  if (takenOver) await initialized(transaction);
  const owner = await initialized(transaction);
  const send = (sequence: number, parts = {}, who: Owner = owner) =>
    // Markers are of now: beside records of long ago a real broker would begin a new segment, and a
    // fetch reads one.
    produceInTransaction(leader, transaction.id, topic, who, { sequence, timestamp: Date.now(), ...parts });
  return { topic, leader, transaction, owner, send };
}

async function refusedRecords(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { topic, leader, transaction, owner, send } = await newOwner(t, brokers, { partitions: 2 });
  t.deepEqual(await send(0), [48, -1], 'no transaction');
  t.deepEqual(await addPartitions(transaction, owner, { [topic]: [1] }), [0]);
  t.deepEqual(await send(0), [48, -1], 'another partition');
  t.is(await added(transaction, owner, topic), 0);
  const withId = (id: string | null, who = owner) => produceInTransaction(leader, id, topic, who);
  t.deepEqual(await withId(null), [53, -1], 'no transactional id');
  t.deepEqual(await withId((await newTransactionalId(t, brokers)).id), [49, -1], 'an unknown id');
  const foreign = { ...owner, producerId: NEVER_SEEN_PRODUCER };
  t.deepEqual(await withId(transaction.id, foreign), [49, -1], 'another producer');
  t.deepEqual(await withId(transaction.id, { ...owner, epoch: 1 }), [47, -1], 'an epoch never given out');
  t.deepEqual(await send(0), [0, 0]);
  t.deepEqual(await send(2), [45, -1], 'a gap');
  t.deepEqual(await send(0), [0, 0], 'a duplicate');
  t.deepEqual(await send(1, { attributes: 0 }), [48, -1], 'outside of the transaction that is open');
  t.deepEqual(await send(0, { attributes: 0x30 }), [87, -1], 'a marker');
  t.is(await end(transaction, owner, 'commit'), 0);
  t.is(await untilStable(leader, topic), 2);
  t.deepEqual(await send(1), [48, -1], 'after the end');
}

async function sequences(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { topic, leader, transaction, owner, send } = await newOwner(t, brokers);
  t.is(await added(transaction, owner, topic), 0);
  t.deepEqual(await send(0, { count: 3 }), [0, 0]);
  t.is(await end(transaction, owner, 'commit'), 0);
  t.is(await added(transaction, owner, topic), 0);
  t.deepEqual(await send(4), [45, -1], 'a gap');
  t.deepEqual(await send(3), [0, 4], 'sequences go on in the next transaction');
  t.is(await end(transaction, owner, 'abort'), 0);
  t.is(await untilStable(leader, topic), 6);
  const next = await initialized(transaction, { own: owner });
  t.is(await added(transaction, next, topic), 0);
  t.deepEqual(await send(4, {}, next), [45, -1], 'with a new epoch they begin at 0');
  t.deepEqual(await send(0, {}, next), [0, 6]);
  t.is((await send(4))[0], 47, 'the former epoch');
}

async function sameBytesAfterAbort(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { topic, leader, transaction, owner, send } = await newOwner(t, brokers);
  t.is(await added(transaction, owner, topic), 0);
  t.deepEqual(await send(0, { count: 2 }), [0, 0]);
  t.is(await end(transaction, owner, 'abort'), 0);
  t.is(await untilStable(leader, topic), 3);
  t.is(await added(transaction, owner, topic), 0);
  t.deepEqual(await send(0, { count: 2 }), [0, 0], 'answered with the aborted offset');
  t.is(await end(transaction, owner, 'commit'), 0);
  const [at] = await fetch(leader, topic, [{ partition: 0, offset: 0 }]);
  t.true([3, 4].includes(present(at).highWatermark), 'and not stored');
}

async function stability(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { topic, leader, transaction, owner, send } = await newOwner(t, brokers);
  const other = await newTransactionalId(t, brokers);
  const otherOwner = await initialized(other);
  const ends = async () => {
    const [at] = await fetch(leader, topic, [{ partition: 0, offset: 0 }]);
    const { highWatermark, lastStableOffset } = present(at);
    t.is(await stableEnd(leader, topic), lastStableOffset, 'ListOffsets agrees');
    return [lastStableOffset, highWatermark];
  };
  t.deepEqual(await produceOne(leader, topic, rawBatch({ count: 4 })), [0, 0]);
  t.is(await added(transaction, owner, topic), 0);
  t.deepEqual(await ends(), [4, 4], 'a transaction without records');
  t.deepEqual(await send(0, { count: 2 }), [0, 4]);
  t.is(await added(other, otherOwner, topic), 0);
  t.deepEqual(await produceInTransaction(leader, other.id, topic, otherOwner), [0, 6]);
  t.deepEqual(await produceOne(leader, topic, rawBatch()), [0, 7]);
  t.deepEqual(await ends(), [4, 8]);
  const read = async (offset: number, isolation: number) => {
    const [at] = await fetch(leader, topic, [{ partition: 0, offset }], { isolation });
    return present(at).records.length;
  };
  t.is(await read(4, READ_COMMITTED), 0, 'no bytes of an open transaction');
  t.true((await read(4, 0)) > 0);
  t.is(await end(other, otherOwner, 'commit'), 0);
  await until(async () => (await ends())[1] === 9, { deadlineMs, what: 'the marker' });
  t.deepEqual(await ends(), [4, 9], 'a later transaction that ends first');
  t.is(await end(transaction, owner, 'abort'), 0);
  t.is(await untilStable(leader, topic), 10);
  t.is(await stableEnd(leader, topic), 10);
}

async function abortedLists(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { topic, leader, transaction, owner, send } = await newOwner(t, brokers);
  const aborted = async (offset: number, isolation = READ_COMMITTED) => {
    const [at] = await fetch(leader, topic, [{ partition: 0, offset }], { isolation });
    return present(at).aborted;
  };
  t.deepEqual(await aborted(0), [], 'nothing was aborted');
  const transact = async (sequence: number, outcome: 'commit' | 'abort') => {
    t.is(await added(transaction, owner, topic), 0);
    t.is((await send(sequence))[0], 0);
    t.is(await end(transaction, owner, outcome), 0);
    await untilStable(leader, topic);
  };
  await transact(0, 'commit');
  await transact(1, 'abort');
  await transact(2, 'commit');
  await transact(3, 'abort');
  t.deepEqual(await aborted(0), [2, 6]);
  t.is(await aborted(0, 0), undefined, 'readers of everything get no list');
  t.deepEqual(await aborted(3), [2, 6], 'from its marker on it still counts');
  t.deepEqual(await aborted(4), [6]);
  t.deepEqual(await aborted(8), [], 'at the end');
}

async function markers(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { topic, leader, transaction, owner, send } = await newOwner(t, brokers);
  for (const [sequence, outcome] of ['commit', 'abort'].entries()) {
    t.is(await added(transaction, owner, topic), 0);
    t.is((await send(sequence))[0], 0);
    t.is(await end(transaction, owner, outcome === 'commit' ? 'commit' : 'abort'), 0);
    const endOffset = await untilStable(leader, topic);
    const [at] = await fetch(leader, topic, [{ partition: 0, offset: endOffset - 1 }]);
    const { records } = present(at);
    t.is(batchBytes(records, 0), records.length);
    t.is(attributesOf(records, 0), 0x30, 'transactional, and control');
    t.deepEqual([producerIdOf(records, 0), producerEpochOf(records, 0)], [owner.producerId, owner.epoch]);
    t.deepEqual([baseSequenceOf(records, 0), recordCountOf(records, 0)], [-1, 1]);
    // Length, attributes, deltas of time and offset, key of version 0 and its type, value of version
    // 0 with the epoch of the coordinator.
    const type = outcome === 'commit' ? '01' : '00';
    t.is(
      records.subarray(BATCH_HEADER_BYTES).toString('hex'),
      `2000000008000000${type}0c0000${'0'.repeat(8)}00`,
    );
  }
}

async function wakesReader(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { topic, leader, transaction, owner, send } = await newOwner(t, brokers);
  t.is(await added(transaction, owner, topic), 0);
  t.is((await send(0))[0], 0);
  const reader = await RawClient.open(t, present(await leaderAddress(leader, topic)));
  const begun = performance.now();
  const waiting = fetch(reader, topic, [{ partition: 0, offset: 0 }], {
    isolation: READ_COMMITTED,
    maxWaitMs: 15_000,
  });
  t.is(await end(transaction, owner, 'commit'), 0);
  const [at] = await waiting;
  t.true(present(at).records.length > 0);
  t.true(performance.now() - begun < 10_000, 'long before its time is up');
}

async function producers(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { topic, leader, transaction, owner, send } = await newOwner(t, brokers);
  t.deepEqual(await describeProducers(leader, topic), { code: 0, producers: [] });
  const idle = await unlessBusy(() => initProducerId(leader));
  const batch = rawBatch({ producerId: idle.producerId, epoch: 0, sequence: 0, count: 3 });
  t.deepEqual(await produceOne(leader, topic, batch), [0, 0]);
  t.is(await added(transaction, owner, topic), 0);
  t.is((await send(0, { count: 2 }))[0], 0);
  const byProducer = async () => {
    const { code, producers: all } = await describeProducers(leader, topic);
    t.is(code, 0);
    return new Map(all.map((each) => [each.producerId, each]));
  };
  const open = await byProducer();
  t.deepEqual(open.get(idle.producerId), {
    producerId: idle.producerId,
    epoch: 0,
    lastSequence: 2,
    coordinatorEpoch: -1,
    transactionStart: -1,
  });
  const about = { ...owner, lastSequence: 1 };
  t.deepEqual(open.get(owner.producerId), { ...about, coordinatorEpoch: -1, transactionStart: 3 });
  t.is(await end(transaction, owner, 'commit'), 0);
  await untilStable(leader, topic);
  t.deepEqual((await byProducer()).get(owner.producerId), {
    ...about,
    coordinatorEpoch: 0,
    transactionStart: -1,
  });
  t.is((await describeProducers(leader, topic, 7)).code, 3);
}

async function writtenMarkers(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { topic, leader, transaction, owner, send } = await newOwner(t, brokers, { takenOver: true });
  const former = { ...owner, epoch: owner.epoch - 1 };
  t.is(await added(transaction, owner, topic), 0);
  t.is((await send(0))[0], 0);
  t.is(await writeMarker(leader, former, topic), 47, 'an older epoch');
  t.is(await writeMarker(leader, owner, topic, { partition: 5 }), 3);
  t.is(await writeMarker(leader, owner, topic, { coordinatorEpoch: 3 }), 0);
  t.is(await untilStable(leader, topic), 2);
  const [at] = await fetch(leader, topic, [{ partition: 0, offset: 0 }], { isolation: READ_COMMITTED });
  t.deepEqual(present(at).aborted, [0]);
  t.is(await writeMarker(leader, owner, topic, { coordinatorEpoch: 2 }), 52, 'an older coordinator');
  const unknown = { producerId: NEVER_SEEN_PRODUCER, epoch: 0 };
  t.is(await writeMarker(leader, unknown, topic), 0, 'a producer that wrote nothing');
  t.is(await untilStable(leader, topic), 3);
}

/** Produce, Fetch, DescribeProducers and WriteTxnMarkers in transactions. */
export const transactionalRecordCases: readonly ContractCase[] = [
  { title: 'records are taken only in the open transaction of their producer', run: refusedRecords },
  { title: 'sequences of a transactional producer go on until its epoch is raised', run: sequences },
  {
    title: 'the same bytes after an aborted transaction are answered with its offset, and not stored',
    run: sameBytesAfterAbort,
  },
  { title: 'what is stable ends at the first open transaction', run: stability },
  { title: 'readers of committed records are told which transactions were aborted', run: abortedLists },
  { title: 'the marker of a transaction is a control batch', run: markers },
  { title: 'the end of a transaction wakes a reader of committed records', run: wakesReader },
  { title: 'the producers of a partition are described, with their open transactions', run: producers },
  { title: 'a transaction is ended in one partition by WriteTxnMarkers', run: writtenMarkers },
];
