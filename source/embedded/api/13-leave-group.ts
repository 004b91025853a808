import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import { defineApi } from '../api.ts';
import type { Outcome } from '../api.ts';
import type { MemberIdentity } from '../groups/group-members.ts';
import { paced, pacedArray } from '../paced.ts';
import { groupError } from './group-access.ts';

const SEVERAL_MEMBERS_FROM = 3;

/** @see https://kafka.apache.org/protocol#The_Messages_LeaveGroup */
export const leaveGroup = defineApi({
  key: 13,
  name: 'LeaveGroup',
  min: 0,
  max: 3,
  read: (reader, version) => ({
    groupId: reader.string(),
    members:
      version >= SEVERAL_MEMBERS_FROM
        ? reader.array(() => ({ memberId: reader.string(), groupInstanceId: reader.nullableString() }))
        : [{ memberId: reader.string(), groupInstanceId: null }],
  }),
  async handle(request, context): Promise<Outcome> {
    const { cluster, out, version } = context;
    const code = context.forcedError() || groupError(request.groupId, context);
    const group = cluster.groups.get(request.groupId);
    const answers: (MemberIdentity & { readonly code: number })[] = [];
    await paced(code === ErrorCodes.NONE ? request.members : [], (member) => {
      answers.push({ ...member, code: group?.leave(member) ?? ErrorCodes.UNKNOWN_MEMBER_ID });
    });
    if (version >= 1) out.fields.int32(0);
    if (version < SEVERAL_MEMBERS_FROM) {
      out.fields.int16(code || (answers[0]?.code ?? ErrorCodes.NONE));
      return 'answer';
    }
    const writer = out.fields.int16(code);
    await pacedArray(writer, answers, (member) => {
      writer.string(member.memberId).nullableString(member.groupInstanceId).int16(member.code);
    });
    return 'answer';
  },
});
