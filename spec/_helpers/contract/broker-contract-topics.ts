import type { ExecutionContext } from 'ava';
import { rawBatch } from '../raw/raw-batch.ts';
import { newTopic } from '../raw/raw-cluster.ts';
import { RawClient } from '../raw/raw-client.ts';
import { present } from '../raw/present.ts';
import { produceOne } from '../raw/raw-produce.ts';
import { listOffset, metadata } from '../raw/raw-topics.ts';
import type { ContractCase } from './contract-case.ts';

async function listed(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { topic, leader } = await newTopic(t, brokers);
  const time = 1_700_000_000_000;
  await produceOne(leader, topic, rawBatch({ count: 5, timestamp: time }));
  await produceOne(leader, topic, rawBatch({ count: 5, timestamp: time + 100 }));
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
  await produceOne(leader, topic, rawBatch({ count: 3 }));
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

/** ListOffsets, Metadata, OffsetForLeaderEpoch, ApiVersions. */
export const topicCases: readonly ContractCase[] = [
  { title: 'offsets are found by end, start and time', run: listed },
  { title: 'metadata names topics by id and says which are unknown', run: described },
  { title: 'the end of a leader epoch can be asked for', run: epochEnd },
  { title: 'only ApiVersions answers to a version that is not served', run: unsupportedVersions },
];
