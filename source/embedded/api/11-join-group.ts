import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import { defineApi } from '../api.ts';
import type { Outcome, RequestContext } from '../api.ts';
import { joinRefused } from '../groups/group-member.ts';
import type { JoinAnswer, JoinRequest } from '../groups/group-member.ts';
import { groupError } from './group-access.ts';

const MEMBER_ID_REQUIRED_FROM = 4;

type JoinGroupRequest = Pick<JoinRequest, 'memberId' | 'groupInstanceId' | 'protocolType' | 'protocols'> & {
  readonly groupId: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
};

/** @see https://kafka.apache.org/protocol#The_Messages_JoinGroup */
export const joinGroup = defineApi<JoinGroupRequest>({
  key: 11,
  name: 'JoinGroup',
  min: 0,
  max: 5,
  maxItems: 1_000,
  read(reader, version) {
    const groupId = reader.string();
    const sessionTimeoutMs = reader.int32();
    const rebalanceTimeoutMs = version >= 1 ? reader.int32() : sessionTimeoutMs;
    const memberId = reader.string();
    const groupInstanceId = version >= 5 ? reader.nullableString() : null;
    const protocolType = reader.string();
    // Kept as long as the member stays: copies, since a view would keep the whole request.
    const protocols = reader.array(() => ({
      name: reader.string(),
      metadata: Buffer.from(reader.bytes() ?? []),
    }));
    return {
      groupId,
      sessionTimeoutMs,
      rebalanceTimeoutMs,
      memberId,
      groupInstanceId,
      protocolType,
      protocols,
    };
  },
  async handle(request, context): Promise<Outcome> {
    const code =
      context.forcedError() || groupError(request.groupId, context) || sessionError(request, context);
    const answer =
      code === ErrorCodes.NONE ? await join(request, context) : joinRefused(code, request.memberId);
    context.refused(answer.code, { groupId: request.groupId });
    const { out, version } = context;
    if (version >= 2) out.fields.int32(0);
    out.fields
      .int16(answer.code)
      .int32(answer.generation)
      .string(answer.protocol)
      .string(answer.leaderId)
      .string(answer.memberId)
      .array(answer.members, (writer, member) => {
        writer.string(member.memberId);
        if (version >= 5) writer.nullableString(member.groupInstanceId);
        writer.bytes(member.metadata);
      });
    return 'answer';
  },
});

function sessionError({ sessionTimeoutMs }: JoinGroupRequest, { cluster }: RequestContext): number {
  const { minSessionTimeoutMs, maxSessionTimeoutMs } = cluster.groups.rules;
  return sessionTimeoutMs < minSessionTimeoutMs || sessionTimeoutMs > maxSessionTimeoutMs
    ? ErrorCodes.INVALID_SESSION_TIMEOUT
    : ErrorCodes.NONE;
}

/** Resolves when all members have joined, or their time is up. */
function join(request: JoinGroupRequest, context: RequestContext): Promise<JoinAnswer> {
  const { clientId, clientHost, version } = context;
  const group = context.cluster.groups.get(request.groupId);
  if (group === undefined && request.memberId !== '') {
    return Promise.resolve(joinRefused(ErrorCodes.UNKNOWN_MEMBER_ID, request.memberId));
  }
  const memberIdRequired = version >= MEMBER_ID_REQUIRED_FROM;
  const joined = group ?? context.cluster.groups.getOrCreate(request.groupId);
  if (joined === undefined) return Promise.resolve(joinRefused(ErrorCodes.GROUP_MAX_SIZE_REACHED, ''));
  return new Promise((resolve) => {
    joined.join({ ...request, clientId, clientHost, memberIdRequired }, resolve);
  });
}
