import type { RawClient } from './raw-client.ts';

export interface Joined {
  readonly code: number;
  readonly generation: number;
  readonly leaderId: string;
  readonly memberId: string;
  readonly members: readonly string[];
}

export interface JoinOptions {
  readonly memberId?: string;
  readonly groupInstanceId?: string;
  readonly sessionTimeoutMs?: number;
  readonly rebalanceTimeoutMs?: number;
  /** Name of the one protocol that the member offers. Default 'range'. */
  readonly protocol?: string;
  readonly metadata?: string;
}

/** JoinGroup v5, as a consumer with one protocol. */
export async function join(client: RawClient, groupId: string, options: JoinOptions = {}): Promise<Joined> {
  const reader = await client.call({
    key: 11,
    version: 5,
    body: (writer) =>
      writer
        .string(groupId)
        .int32(options.sessionTimeoutMs ?? 10_000)
        .int32(options.rebalanceTimeoutMs ?? 10_000)
        .string(options.memberId ?? '')
        .nullableString(options.groupInstanceId ?? null)
        .string('consumer')
        .int32(1)
        .string(options.protocol ?? 'range')
        .bytes(Buffer.from(options.metadata ?? '')),
  });
  reader.int32();
  const code = reader.int16();
  const generation = reader.int32();
  reader.string();
  const leaderId = reader.string();
  const memberId = reader.string();
  const members = reader.array(() => {
    const id = reader.string();
    reader.nullableString();
    reader.bytes();
    return id;
  });
  return { code, generation, leaderId, memberId, members };
}

/** Joins without a member id, and again with the id that the coordinator gives. */
export async function joinAnew(
  client: RawClient,
  groupId: string,
  options: JoinOptions = {},
): Promise<Joined> {
  const { memberId } = await join(client, groupId, options);
  return join(client, groupId, { ...options, memberId });
}

/** SyncGroup v3; the leader passes assignments. */
export async function sync(
  client: RawClient,
  groupId: string,
  who: { readonly generation: number; readonly memberId: string; readonly groupInstanceId?: string },
  assignments: Readonly<Record<string, string>> = {},
): Promise<{ code: number; assignment: string }> {
  const reader = await client.call({
    key: 14,
    version: 3,
    body: (writer) =>
      writer
        .string(groupId)
        .int32(who.generation)
        .string(who.memberId)
        .nullableString(who.groupInstanceId ?? null)
        .array(Object.entries(assignments), (_, [memberId, assignment]) => {
          writer.string(memberId).bytes(Buffer.from(assignment));
        }),
  });
  reader.int32();
  return { code: reader.int16(), assignment: String(reader.bytes() ?? '') };
}

/** Heartbeat v3; returns the error code. */
export async function heartbeat(
  client: RawClient,
  groupId: string,
  who: { readonly generation: number; readonly memberId: string; readonly groupInstanceId?: string },
): Promise<number> {
  const reader = await client.call({
    key: 12,
    version: 3,
    body: (writer) =>
      writer
        .string(groupId)
        .int32(who.generation)
        .string(who.memberId)
        .nullableString(who.groupInstanceId ?? null),
  });
  reader.int32();
  return reader.int16();
}

/** LeaveGroup v3 of one member; returns its error code. */
export async function leave(
  client: RawClient,
  groupId: string,
  who: { readonly memberId: string; readonly groupInstanceId?: string },
): Promise<number> {
  const reader = await client.call({
    key: 13,
    version: 3,
    body: (writer) =>
      writer
        .string(groupId)
        .int32(1)
        .string(who.memberId)
        .nullableString(who.groupInstanceId ?? null),
  });
  reader.int32();
  const top = reader.int16();
  const [code] = reader.array(() => {
    reader.string();
    reader.nullableString();
    return reader.int16();
  });
  return code ?? top;
}
