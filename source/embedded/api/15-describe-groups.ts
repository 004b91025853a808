import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import type { WireWriter } from '../../kafka/wire/wire-writer.ts';
import { defineApi } from '../api.ts';
import type { Outcome, RequestContext } from '../api.ts';
import { NO_ASSIGNMENT } from '../groups/group-member.ts';
import type { Group } from '../groups/group.ts';
import { OPERATIONS_NOT_ASKED, groupOperations } from './authorized-operations.ts';
import { groupError } from './group-access.ts';
import { pacedArray } from '../paced.ts';

const OPERATIONS_FROM = 3;

/** @see https://kafka.apache.org/protocol#The_Messages_DescribeGroups */
export const describeGroups = defineApi({
  key: 15,
  name: 'DescribeGroups',
  min: 0,
  max: 4,
  read: (reader, version) => ({
    groupIds: reader.array(() => reader.string()),
    ofGroups: version >= OPERATIONS_FROM && reader.boolean(),
  }),
  async handle(request, context): Promise<Outcome> {
    const { out, version } = context;
    if (version >= 1) out.fields.int32(0);
    const writer = out.fields;
    await pacedArray(writer, request.groupIds, (groupId) => {
      const code = context.forcedError() || groupError(groupId, context, { emptyIdAllowed: true });
      const group = code === ErrorCodes.NONE ? context.cluster.groups.get(groupId) : undefined;
      writer.int16(code).string(groupId);
      writeGroup(writer, { group, stateIfMissing: code === ErrorCodes.NONE ? 'Dead' : '' }, context);
      if (version >= OPERATIONS_FROM) {
        const isShown = request.ofGroups && code === ErrorCodes.NONE;
        writer.int32(isShown ? groupOperations : OPERATIONS_NOT_ASKED);
      }
    });
    return 'answer';
  },
});

/**
 * A group that does not exist is shown as Dead, without an error. What members subscribed to is shown
 * only while the group is stable.
 */
function writeGroup(
  writer: WireWriter,
  { group, stateIfMissing }: { readonly group: Group | undefined; readonly stateIfMissing: string },
  { version }: RequestContext,
): void {
  const stable = group?.state === 'Stable';
  writer.string(group?.state ?? stateIfMissing).string(group?.protocolType ?? '');
  writer.string(stable ? group.protocol : '');
  writer.array([...(group?.members ?? [])], (_, member) => {
    writer.string(member.id);
    if (version >= 4) writer.nullableString(member.instanceId);
    writer.string(member.client.clientId).string(member.client.clientHost);
    writer.bytes(stable ? member.metadataFor(group.protocol) : NO_ASSIGNMENT);
    writer.bytes(member.assignment);
  });
}
