import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import { defineApi } from '../api.ts';
import type { RequestContext } from '../api.ts';
import type { Group } from '../groups/group.ts';
import { groupError } from './group-access.ts';
import { readPartitions } from './named-partitions.ts';

/** @see https://kafka.apache.org/protocol#The_Messages_OffsetDelete */
export const offsetDelete = defineApi({
  key: 47,
  name: 'OffsetDelete',
  min: 0,
  max: 0,
  read: (reader) => ({
    groupId: reader.string(),
    topics: reader.array(readPartitions),
  }),
  handle(request, context) {
    const { cluster, out } = context;
    const group = cluster.groups.get(request.groupId);
    const code = context.forcedError() || groupError(request.groupId, context) || groupRefusal(group);
    out.fields.int16(code).int32(0);
    out.fields.array(code === ErrorCodes.NONE ? request.topics : [], (writer, { topic, partitions }) => {
      writer.string(topic).array(partitions, (_, { partition }) => {
        const partitionCode = context.forcedError(topic, partition) || topicRefusal(topic, group, context);
        if (partitionCode === ErrorCodes.NONE) group?.offsets.delete(topic, partition);
        writer.int32(partition).int16(partitionCode);
      });
    });
    return 'answer';
  },
});

/**
 * With members, offsets can only be deleted from a group of consumers: its members say what they
 * are subscribed to.
 */
function groupRefusal(group: Group | undefined): number {
  if (group === undefined) return ErrorCodes.GROUP_ID_NOT_FOUND;
  if (group.state === 'Empty' || group.protocolType === 'consumer') return ErrorCodes.NONE;
  return ErrorCodes.NON_EMPTY_GROUP;
}

function topicRefusal(topic: string, group: Group | undefined, { cluster }: RequestContext): number {
  if (cluster.topics.get(topic) === undefined) return ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION;
  return group?.isSubscribedTo(topic) === true ? ErrorCodes.GROUP_SUBSCRIBED_TO_TOPIC : ErrorCodes.NONE;
}
