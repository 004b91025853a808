import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import { defineApi } from '../api.ts';
import { groupError } from './group-access.ts';

/** @see https://kafka.apache.org/protocol#The_Messages_Heartbeat */
export const heartbeat = defineApi({
  key: 12,
  name: 'Heartbeat',
  min: 0,
  max: 3,
  read: (reader, version) => ({
    groupId: reader.string(),
    generation: reader.int32(),
    memberId: reader.string(),
    groupInstanceId: version >= 3 ? reader.nullableString() : null,
  }),
  handle(request, context) {
    const { cluster, out, version } = context;
    const group = cluster.groups.get(request.groupId);
    const code =
      context.forcedError() ||
      groupError(request.groupId, context) ||
      (group?.heartbeat(request, request.generation) ?? ErrorCodes.UNKNOWN_MEMBER_ID);
    if (version >= 1) out.fields.int32(0);
    out.fields.int16(code);
    return 'answer';
  },
});
