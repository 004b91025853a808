import type { RawClient } from './raw-client.ts';

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
  requireStable = true,
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
      writer.boolean(requireStable).noTags();
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
