import type { WireReader } from '../../../source/kafka/wire/wire-reader.ts';
import { present } from './present.ts';
import type { RawClient } from './raw-client.ts';

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

/**
 * Metadata v10 (flexible): nodes as `host:port` by id, and the topics; all of them without names.
 */
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

/** ListOffsets v5 of one partition. */
export async function listOffset(
  client: RawClient,
  topic: string,
  timestamp: number,
  options: {
    readonly partition?: number;
    readonly currentLeaderEpoch?: number;
    /** 1: as a reader of committed records. Default 0. */
    readonly isolation?: 0 | 1;
  } = {},
): Promise<{ code: number; timestamp: number; offset: number; leaderEpoch: number }> {
  const reader = await client.call({
    key: 2,
    version: 5,
    body: (writer) =>
      writer
        .int32(-1)
        .int8(options.isolation ?? 0)
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
