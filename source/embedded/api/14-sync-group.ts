import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import { defineApi } from '../api.ts';
import type { Outcome, RequestContext } from '../api.ts';
import { NO_ASSIGNMENT } from '../groups/group-member.ts';
import type { SyncAnswer } from '../groups/group-member.ts';
import type { SyncRequest } from '../groups/group.ts';
import { groupError } from './group-access.ts';

interface SyncGroupRequest extends SyncRequest {
  readonly groupId: string;
}

/** @see https://kafka.apache.org/protocol#The_Messages_SyncGroup */
export const syncGroup = defineApi<SyncGroupRequest>({
  key: 14,
  name: 'SyncGroup',
  min: 0,
  max: 3,
  maxItems: 5_000,
  read: (reader, version) => ({
    groupId: reader.string(),
    generation: reader.int32(),
    memberId: reader.string(),
    groupInstanceId: version >= 3 ? reader.nullableString() : null,
    assignments: new Map(reader.array(() => [reader.string(), reader.bytes() ?? NO_ASSIGNMENT] as const)),
  }),
  async handle(request, context): Promise<Outcome> {
    const { out, version } = context;
    const answer = await sync(request, context);
    if (version >= 1) out.fields.int32(0);
    out.fields.int16(answer.code).bytes(answer.assignment);
    return 'answer';
  },
});

/** Resolves when the group's leader has assigned the partitions. */
function sync(request: SyncGroupRequest, context: RequestContext): Promise<SyncAnswer> {
  const code = context.forcedError() || groupError(request.groupId, context);
  const group = context.cluster.groups.get(request.groupId);
  if (code !== ErrorCodes.NONE || group === undefined) {
    return Promise.resolve({ code: code || ErrorCodes.UNKNOWN_MEMBER_ID, assignment: NO_ASSIGNMENT });
  }
  return new Promise((resolve) => {
    group.sync(request, resolve);
  });
}
