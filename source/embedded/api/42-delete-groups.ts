import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import { defineApi } from '../api.ts';
import type { Outcome, RequestContext } from '../api.ts';
import { groupError } from './group-access.ts';
import { pacedArray } from '../paced.ts';

/** @see https://kafka.apache.org/protocol#The_Messages_DeleteGroups */
export const deleteGroups = defineApi({
  key: 42,
  name: 'DeleteGroups',
  min: 0,
  max: 1,
  read: (reader) => ({ groupIds: [...new Set(reader.array(() => reader.string()))] }),
  async handle(request, context): Promise<Outcome> {
    const writer = context.out.fields.int32(0);
    await pacedArray(writer, request.groupIds, (groupId) => {
      writer.string(groupId).int16(deleteGroup(groupId, context));
    });
    return 'answer';
  },
});

function deleteGroup(groupId: string, context: RequestContext): number {
  const { groups } = context.cluster;
  const code = context.forcedError() || groupError(groupId, context, { emptyIdAllowed: true });
  if (code !== ErrorCodes.NONE) return code;
  const group = groups.get(groupId);
  if (group === undefined) return ErrorCodes.GROUP_ID_NOT_FOUND;
  if (group.state !== 'Empty') return ErrorCodes.NON_EMPTY_GROUP;
  groups.delete(group);
  return ErrorCodes.NONE;
}
