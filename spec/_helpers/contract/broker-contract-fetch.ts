import type { ExecutionContext } from 'ava';
import { baseOffsetOf, batchBytes } from '../../../source/kafka/records/batch-header.ts';
import { rawBatch } from '../raw/raw-batch.ts';
import { newTopic } from '../raw/raw-cluster.ts';
import { RawClient } from '../raw/raw-client.ts';
import { present } from '../raw/present.ts';
import { fetch } from '../raw/raw-fetch.ts';
import { produceOne } from '../raw/raw-produce.ts';
import { metadata } from '../raw/raw-topics.ts';
import type { ContractCase } from './contract-case.ts';

async function boundedFetch(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { topic, leader } = await newTopic(t, brokers);
  const batch = rawBatch({ valueBytes: 1_000 });
  for (let i = 0; i < 3; i++) await produceOne(leader, topic, batch);
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
  await produceOne(leader, topic, rawBatch({ count: 10 }));
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
  await produceOne(leader, topic, rawBatch());
  const options = { maxWaitMs: 30_000 };
  const code = async (partition: number, offset: number, currentLeaderEpoch = -1) => {
    const [read] = await fetch(leader, topic, [{ partition, offset, currentLeaderEpoch }], options);
    const { highWatermark, lastStableOffset, logStartOffset } = present(read);
    t.deepEqual([highWatermark, lastStableOffset, logStartOffset], [-1, -1, -1]);
    return read?.code;
  };
  t.is(await code(0, 2), 1, 'past the end, immediately');
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
  await produceOne(second, topic, rawBatch());
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

/** Fetch without a session. */
export const fetchCases: readonly ContractCase[] = [
  { title: 'a fetch gives a whole first batch and cuts later ones at its limits', run: boundedFetch },
  { title: 'a fetch from inside a batch gives the whole batch', run: insideABatch },
  { title: 'a fetch with an error on a partition is answered immediately', run: fetchErrors },
  { title: 'a fetch waits for records, is woken by them, and holds up its connection', run: longPoll },
];
