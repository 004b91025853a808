import { present } from './present.ts';
import type { RawClient } from './raw-client.ts';

/** DeleteRecords v1 of one partition; the code and the new start. */
export async function deleteRecords(
  client: RawClient,
  topic: string,
  before: number,
  partition = 0,
): Promise<readonly [code: number, startOffset: number]> {
  const reader = await client.call({
    key: 21,
    version: 1,
    body: (writer) => writer.int32(1).string(topic).int32(1).int32(partition).int64(before).int32(10_000),
  });
  reader.int32();
  const [[answer] = []] = reader.array(() => {
    reader.string();
    return reader.array(() => {
      reader.int32();
      const startOffset = reader.int64();
      return [reader.int16(), startOffset] as const;
    });
  });
  return present(answer);
}

/** OffsetForLeaderEpoch of one partition: code, epoch (undefined in version 0), end. */
export async function endOfEpoch(
  client: RawClient,
  topic: string,
  leaderEpoch: number,
  options: {
    readonly version?: number;
    readonly partition?: number;
    readonly currentLeaderEpoch?: number;
  } = {},
): Promise<readonly [code: number, epoch: number | undefined, endOffset: number]> {
  const { version = 2, partition = 0, currentLeaderEpoch = -1 } = options;
  const reader = await client.call({
    key: 23,
    version,
    body: (writer) => {
      if (version >= 3) writer.int32(-1);
      writer.int32(1).string(topic).int32(1).int32(partition);
      if (version >= 2) writer.int32(currentLeaderEpoch);
      writer.int32(leaderEpoch);
    },
  });
  if (version >= 2) reader.int32();
  const [[answer] = []] = reader.array(() => {
    reader.string();
    return reader.array(() => {
      const code = reader.int16();
      reader.int32();
      const epoch = version >= 1 ? reader.int32() : undefined;
      return [code, epoch, reader.int64()] as const;
    });
  });
  return present(answer);
}

/** What ListOffsets says of a partition. */
export interface Listed {
  readonly partition: number;
  readonly code: number;
  readonly timestamp: number;
  readonly offset: number;
  readonly leaderEpoch: number | undefined;
}

/** ListOffsets of one topic, versions 1 to 5; each partition with a timestamp. */
export async function listOffsets(
  client: RawClient,
  topic: string,
  wanted: readonly (readonly [partition: number, timestamp: number])[],
  options: { readonly version?: number; readonly isolation?: number } = {},
): Promise<readonly Listed[]> {
  const { version = 5, isolation = 0 } = options;
  const reader = await client.call({
    key: 2,
    version,
    body: (writer) => {
      writer.int32(-1);
      if (version >= 2) writer.int8(isolation);
      writer
        .int32(1)
        .string(topic)
        .array(wanted, (_, [partition, timestamp]) => {
          writer.int32(partition);
          if (version >= 4) writer.int32(-1);
          writer.int64(timestamp);
        });
    },
  });
  if (version >= 2) reader.int32();
  const topics = reader.array(() => {
    reader.string();
    return reader.array(() => {
      const partition = reader.int32();
      const code = reader.int16();
      const found = { partition, code, timestamp: reader.int64(), offset: reader.int64() };
      return { ...found, leaderEpoch: version >= 4 ? reader.int32() : undefined };
    });
  });
  return topics.flat();
}
