import type { WireWriter } from '../../../source/kafka/wire/wire-writer.ts';
import type { RawClient } from './raw-client.ts';

export interface Joined {
  readonly code: number;
  readonly generation: number;
  readonly protocol: string;
  readonly leaderId: string;
  readonly memberId: string;
  readonly members: readonly string[];
}

export interface JoinOptions {
  readonly memberId?: string;
  readonly groupInstanceId?: string;
  readonly sessionTimeoutMs?: number;
  readonly rebalanceTimeoutMs?: number;
  /** Names of the protocols that the member offers, the preferred one first. Default 'range'. */
  readonly protocols?: readonly string[];
  /** Default 'consumer'. */
  readonly protocolType?: string;
  /** Of each protocol. Default: none. */
  readonly metadata?: string | Buffer;
  /** 3 or 5. Default 5; before 4 a member needs no second call. */
  readonly version?: number;
}

/** Who sends a request to a group. */
export interface RawMember {
  readonly generation: number;
  readonly memberId: string;
  readonly groupInstanceId?: string;
}

/** JoinGroup, as a consumer. */
export async function join(client: RawClient, groupId: string, options: JoinOptions = {}): Promise<Joined> {
  const { version = 5, protocols = ['range'], metadata = '' } = options;
  const reader = await client.call({
    key: 11,
    version,
    body: (writer) => {
      writer
        .string(groupId)
        .int32(options.sessionTimeoutMs ?? 10_000)
        .int32(options.rebalanceTimeoutMs ?? 10_000)
        .string(options.memberId ?? '');
      if (version >= 5) writer.nullableString(options.groupInstanceId ?? null);
      writer.string(options.protocolType ?? 'consumer').array(protocols, (_, name) => {
        writer.string(name).bytes(Buffer.from(metadata));
      });
    },
  });
  reader.int32();
  const code = reader.int16();
  const generation = reader.int32();
  const protocol = reader.string();
  const leaderId = reader.string();
  const memberId = reader.string();
  const members = reader.array(() => {
    const id = reader.string();
    if (version >= 5) reader.nullableString();
    reader.bytes();
    return id;
  });
  return { code, generation, protocol, leaderId, memberId, members };
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
  who: RawMember,
  assignments: Readonly<Record<string, string>> = {},
): Promise<{ code: number; assignment: string }> {
  const reader = await client.call({
    key: 14,
    version: 3,
    body: (writer) => {
      writeMember(writer, groupId, who).array(Object.entries(assignments), (_, [id, assignment]) => {
        writer.string(id).bytes(Buffer.from(assignment));
      });
    },
  });
  reader.int32();
  return { code: reader.int16(), assignment: String(reader.bytes() ?? '') };
}

/** Heartbeat v3; returns the error code. */
export async function heartbeat(client: RawClient, groupId: string, who: RawMember): Promise<number> {
  const reader = await client.call({
    key: 12,
    version: 3,
    body: (writer) => {
      writeMember(writer, groupId, who);
    },
  });
  reader.int32();
  return reader.int16();
}

/** LeaveGroup v3 of one member; returns its error code. */
export async function leave(
  client: RawClient,
  groupId: string,
  who: Omit<RawMember, 'generation'>,
): Promise<number> {
  const { code, members } = await leaveTogether(client, groupId, [who]);
  return members[0] ?? code;
}

/** LeaveGroup v3 of several members; returns the error code of the request, and those of the members. */
export async function leaveTogether(
  client: RawClient,
  groupId: string,
  members: readonly Omit<RawMember, 'generation'>[],
): Promise<{ code: number; members: number[] }> {
  const reader = await client.call({
    key: 13,
    version: 3,
    body: (writer) =>
      writer.string(groupId).array(members, (_, { memberId, groupInstanceId }) => {
        writer.string(memberId).nullableString(groupInstanceId ?? null);
      }),
  });
  reader.int32();
  return {
    code: reader.int16(),
    members: reader.array(() => {
      reader.string();
      reader.nullableString();
      return reader.int16();
    }),
  };
}

/** LeaveGroup v2, which names one member by its id; returns the error code. */
export async function leaveAlone(client: RawClient, groupId: string, memberId: string): Promise<number> {
  const reader = await client.call({
    key: 13,
    version: 2,
    body: (writer) => writer.string(groupId).string(memberId),
  });
  reader.int32();
  return reader.int16();
}

function writeMember(writer: WireWriter, groupId: string, who: RawMember): WireWriter {
  const { generation, memberId, groupInstanceId = null } = who;
  return writer.string(groupId).int32(generation).string(memberId).nullableString(groupInstanceId);
}
