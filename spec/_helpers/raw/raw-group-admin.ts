import { WireWriter } from '../../../source/kafka/wire/wire-writer.ts';
import type { RawClient } from './raw-client.ts';
import { present } from './present.ts';

/** A group as DescribeGroups shows it. */
export interface DescribedGroup {
  readonly code: number;
  readonly state: string;
  readonly protocolType: string;
  readonly protocol: string;
  readonly members: readonly {
    readonly memberId: string;
    readonly groupInstanceId: string | null;
    readonly clientId: string;
    readonly metadata: string;
    readonly assignment: string;
  }[];
}

/** DescribeGroups v4 of one group. */
export async function describeGroup(client: RawClient, groupId: string): Promise<DescribedGroup> {
  const reader = await client.call({
    key: 15,
    version: 4,
    body: (writer) => writer.array([groupId], (_, id) => writer.string(id)).boolean(false),
  });
  reader.int32();
  const [group] = reader.array(() => {
    const code = reader.int16();
    reader.string();
    const state = reader.string();
    const protocolType = reader.string();
    const protocol = reader.string();
    const members = reader.array(() => {
      const memberId = reader.string();
      const groupInstanceId = reader.nullableString();
      const clientId = reader.string();
      reader.string();
      const metadata = String(reader.bytes() ?? '');
      return { memberId, groupInstanceId, clientId, metadata, assignment: String(reader.bytes() ?? '') };
    });
    reader.int32();
    return { code, state, protocolType, protocol, members };
  });
  return present(group);
}

/** DeleteGroups v1 of one group; returns the error code. */
export async function deleteGroup(client: RawClient, groupId: string): Promise<number> {
  const reader = await client.call({
    key: 42,
    version: 1,
    body: (writer) => writer.array([groupId], (_, id) => writer.string(id)),
  });
  reader.int32();
  const [code] = reader.array(() => {
    reader.string();
    return reader.int16();
  });
  return present(code);
}

/**
 * OffsetDelete of partition 0 of a topic; returns the error code of the request, or of the partition
 * where the request has none.
 */
export async function deleteOffset(client: RawClient, groupId: string, topic: string): Promise<number> {
  const reader = await client.call({
    key: 47,
    version: 0,
    body: (writer) =>
      writer
        .string(groupId)
        .array([topic], (_, name) =>
          writer.string(name).array([0], (__, partition) => writer.int32(partition)),
        ),
  });
  const code = reader.int16();
  reader.int32();
  const codes = reader.array(() => {
    reader.string();
    return reader.array(() => {
      reader.int32();
      return reader.int16();
    });
  });
  return codes.flat()[0] ?? code;
}

/** Metadata of a consumer that is subscribed to topics (version 0). */
export function subscription(topics: readonly string[]): Buffer {
  return new WireWriter()
    .int16(0)
    .array(topics, (writer, topic) => writer.string(topic))
    .int32(-1)
    .toBuffer();
}
