import type { WireReader } from '../../../source/kafka/wire/wire-reader.ts';
import type { RawClient } from './raw-client.ts';

/** One partition's answer to Produce. */
export interface Produced {
  readonly topic: string;
  readonly partition: number;
  readonly code: number;
  readonly baseOffset: number;
  readonly logAppendTime: number;
}

/** Records for one partition. */
export interface ToProduce {
  readonly topic: string;
  readonly partition?: number;
  readonly records: Buffer;
}

/** Produce v7 (or another version from 5), acks=all: each entry is written as a topic of its own. */
export async function produce(
  client: RawClient,
  entries: readonly ToProduce[],
  version = 7,
): Promise<Produced[]> {
  const reader = await client.call({
    key: 0,
    version,
    body: (writer) =>
      writer
        .nullableString(null)
        .int16(-1)
        .int32(5_000)
        .array(entries, (_, { topic, partition = 0, records }) => {
          writer.string(topic).int32(1).int32(partition).bytes(records);
        }),
  });
  return reader
    .array(() => {
      const topic = reader.string();
      return reader.array(() => {
        const partition = reader.int32();
        const code = reader.int16();
        const answer = { topic, partition, code, baseOffset: reader.int64(), logAppendTime: reader.int64() };
        reader.int64();
        return answer;
      });
    })
    .flat();
}

/** One partition's answer to Fetch. */
export interface Fetched {
  readonly partition: number;
  readonly code: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
  /** undefined for null. */
  readonly aborted: readonly number[] | undefined;
  readonly records: Buffer;
}

export interface ToFetch {
  readonly partition: number;
  readonly offset: number;
  readonly maxBytes?: number;
  readonly currentLeaderEpoch?: number;
}

export interface FetchOptions {
  readonly version?: number;
  readonly maxWaitMs?: number;
  readonly minBytes?: number;
  readonly maxBytes?: number;
  readonly isolation?: number;
}

/** How a Fetch stands to a session of the broker (KIP-227). */
export interface FetchSessionOptions {
  readonly sessionId?: number;
  /** 0 opens a session, -1 goes without. */
  readonly sessionEpoch?: number;
  /** Partitions of the topic that the session is to forget. */
  readonly forgotten?: readonly number[];
}

/** The answer to a Fetch that speaks of a session. */
export interface SessionAnswer {
  readonly code: number;
  readonly sessionId: number;
  readonly partitions: readonly Fetched[];
}

/** Fetch of one topic, v10 unless told otherwise (from 9 on), without a session. */
export async function fetch(
  client: RawClient,
  topic: string,
  partitions: readonly ToFetch[],
  options: FetchOptions = {},
): Promise<readonly Fetched[]> {
  const answer = await fetchInSession(client, topic, partitions, options);
  return answer.partitions;
}

/** As {@link fetch}, with all that the answer says of the session. */
export async function fetchInSession(
  client: RawClient,
  topic: string,
  partitions: readonly ToFetch[],
  options: FetchOptions & FetchSessionOptions = {},
): Promise<SessionAnswer> {
  const { version = 10, maxWaitMs = 0, minBytes = 1, maxBytes = 1 << 25, isolation = 0 } = options;
  const { sessionId = 0, sessionEpoch = -1, forgotten = [] } = options;
  const reader = await client.call({
    key: 1,
    version,
    body: (writer) => {
      writer.int32(-1).int32(maxWaitMs).int32(minBytes).int32(maxBytes).int8(isolation);
      writer.int32(sessionId).int32(sessionEpoch);
      writer.array(partitions.length > 0 ? [topic] : [], (_, name) => {
        writer.string(name).array(partitions, (__, wanted) => {
          writer
            .int32(wanted.partition)
            .int32(wanted.currentLeaderEpoch ?? -1)
            .int64(wanted.offset);
          writer.int64(-1).int32(wanted.maxBytes ?? 1 << 20);
        });
      });
      writer.array(forgotten.length > 0 ? [topic] : [], (_, name) => {
        writer.string(name).array(forgotten, (__, partition) => writer.int32(partition));
      });
      if (version >= 11) writer.string('');
    },
  });
  reader.int32();
  const code = reader.int16();
  const answered = reader.int32();
  const topics = reader.array(() => {
    reader.string();
    return reader.array(() => readFetched(reader, version));
  });
  return { code, sessionId: answered, partitions: topics.flat() };
}

function readFetched(reader: WireReader, version: number): Fetched {
  const partition = reader.int32();
  const code = reader.int16();
  const offsets = {
    highWatermark: reader.int64(),
    lastStableOffset: reader.int64(),
    logStartOffset: reader.int64(),
  };
  const aborted = reader.nullableArray(() => {
    reader.bigInt64();
    return reader.int64();
  });
  if (version >= 11) reader.int32();
  return {
    partition,
    code,
    ...offsets,
    aborted: aborted ?? undefined,
    records: reader.bytes() ?? Buffer.alloc(0),
  };
}

/** ListOffsets v5 of one partition. */
export async function listOffset(
  client: RawClient,
  topic: string,
  timestamp: number,
  options: { readonly partition?: number; readonly currentLeaderEpoch?: number } = {},
): Promise<{ code: number; timestamp: number; offset: number; leaderEpoch: number }> {
  const reader = await client.call({
    key: 2,
    version: 5,
    body: (writer) =>
      writer
        .int32(-1)
        .int8(0)
        .int32(1)
        .string(topic)
        .int32(1)
        .int32(options.partition ?? 0)
        .int32(options.currentLeaderEpoch ?? -1)
        .int64(timestamp),
  });
  reader.int32();
  const [[answer] = []] = reader.array(() => {
    reader.string();
    return reader.array(() => {
      reader.int32();
      const code = reader.int16();
      return { code, timestamp: reader.int64(), offset: reader.int64(), leaderEpoch: reader.int32() };
    });
  });
  return present(answer);
}

export interface GroupIdentity {
  readonly groupId: string;
  readonly generation?: number;
  readonly memberId?: string;
  readonly groupInstanceId?: string | null;
}

/** OffsetCommit v7 of one topic; returns the error code of each partition. */
export async function commit(
  client: RawClient,
  who: GroupIdentity,
  topic: string,
  offsets: readonly (readonly [partition: number, offset: number, metadata?: string])[],
): Promise<number[]> {
  const reader = await client.call({
    key: 8,
    version: 7,
    body: (writer) =>
      writer
        .string(who.groupId)
        .int32(who.generation ?? -1)
        .string(who.memberId ?? '')
        .nullableString(who.groupInstanceId ?? null)
        .int32(1)
        .string(topic)
        .array(offsets, (_, [partition, offset, metadata = '']) => {
          writer.int32(partition).int64(offset).int32(-1).nullableString(metadata);
        }),
  });
  reader.int32();
  return reader
    .array(() => {
      reader.string();
      return reader.array(() => {
        reader.int32();
        return reader.int16();
      });
    })
    .flat();
}

/** OffsetFetch v7 (flexible): with `topic` its partition 0, without all that is committed. */
export async function fetchOffsets(
  client: RawClient,
  groupId: string,
  topic?: string,
): Promise<{
  code: number;
  offsets: { topic: string; partition: number; offset: number; metadata: string; code: number }[];
}> {
  const reader = await client.call({
    key: 9,
    version: 7,
    flexible: true,
    body: (writer) => {
      writer.compactString(groupId);
      if (topic === undefined) {
        writer.uvarint(0);
      } else {
        writer.compactArray([topic], (_, name) => {
          writer
            .compactString(name)
            .compactArray([0], (__, partition) => writer.int32(partition))
            .noTags();
        });
      }
      writer.boolean(true).noTags();
    },
  });
  reader.int32();
  const offsets = reader.compactArray(() => {
    const name = reader.compactString();
    const partitions = reader.compactArray(() => {
      const partition = reader.int32();
      const offset = reader.int64();
      reader.int32();
      const metadata = reader.compactNullableString() ?? '';
      const code = reader.int16();
      reader.skipTags();
      return { topic: name, partition, offset, metadata, code };
    });
    reader.skipTags();
    return partitions;
  });
  return { offsets: offsets.flat(), code: reader.int16() };
}

/** A topic by Metadata v10. */
export interface DescribedTopic {
  readonly code: number;
  readonly topic: string;
  readonly topicId: string;
  readonly partitions: readonly {
    readonly partition: number;
    readonly leader: number;
    readonly leaderEpoch: number;
  }[];
}

/** Metadata v10 (flexible): nodes as `host:port` by id, and the topics; all of them without names. */
export async function metadata(
  client: RawClient,
  topics?: readonly string[],
): Promise<{ nodes: Map<number, string>; topics: DescribedTopic[] }> {
  const reader = await client.call({
    key: 3,
    version: 10,
    flexible: true,
    body: (writer) => {
      if (topics === undefined) writer.uvarint(0);
      else {
        writer.compactArray(topics, (_, topic) => {
          writer.uuid('0'.repeat(32)).compactNullableString(topic).noTags();
        });
      }
      writer.boolean(false).boolean(false).boolean(false).noTags();
    },
  });
  reader.int32();
  const nodes = reader.compactArray(() => {
    const nodeId = reader.int32();
    const address = `${reader.compactString()}:${reader.int32()}`;
    reader.compactNullableString();
    reader.skipTags();
    return [nodeId, address] as const;
  });
  reader.compactNullableString();
  reader.int32();
  return { nodes: new Map(nodes), topics: reader.compactArray(() => describedTopic(reader)) };
}

function describedTopic(reader: WireReader): DescribedTopic {
  const code = reader.int16();
  const topic = reader.compactString();
  const topicId = reader.uuid();
  reader.boolean();
  const partitions = reader.compactArray(() => {
    reader.int16();
    const described = { partition: reader.int32(), leader: reader.int32(), leaderEpoch: reader.int32() };
    for (let list = 0; list < 3; list++) reader.compactArray(() => reader.int32());
    reader.skipTags();
    return described;
  });
  reader.int32();
  reader.skipTags();
  return { code, topic, topicId, partitions };
}

/** InitProducerId v1 without a transaction. */
export async function initProducerId(client: RawClient): Promise<{ code: number; producerId: bigint }> {
  const reader = await client.call({
    key: 22,
    version: 1,
    body: (writer) => writer.nullableString(null).int32(60_000),
  });
  reader.int32();
  return { code: reader.int16(), producerId: reader.bigInt64() };
}

/** FindCoordinator v2 for a group. */
export async function findCoordinator(
  client: RawClient,
  groupId: string,
): Promise<{ code: number; nodeId: number; address: string }> {
  const reader = await client.call({
    key: 10,
    version: 2,
    body: (writer) => writer.string(groupId).int8(0),
  });
  reader.int32();
  const code = reader.int16();
  reader.nullableString();
  return { code, nodeId: reader.int32(), address: `${reader.string()}:${reader.int32()}` };
}

/** CreateTopics v3 of one topic; returns the error code. */
export async function createTopic(client: RawClient, topic: string, partitions: number): Promise<number> {
  const reader = await client.call({
    key: 19,
    version: 4,
    body: (writer) =>
      writer
        .int32(1)
        .string(topic)
        .int32(partitions)
        .int16(-1)
        .int32(0)
        .int32(0)
        .int32(10_000)
        .boolean(false),
  });
  reader.int32();
  const [code] = reader.array(() => {
    reader.string();
    const one = reader.int16();
    reader.nullableString();
    return one;
  });
  return present(code);
}

export function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('The answer holds less than was asked for');
  return value;
}
