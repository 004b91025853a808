import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import type { TopicPartition } from '../../kernel/topic-partition.ts';
import { defineApi } from '../api.ts';
import type { Outcome, RequestContext } from '../api.ts';
import type { Group } from '../groups/group.ts';
import { codedPartitions } from './coded-partitions.ts';
import { groupError } from './group-access.ts';
import { readPartitions } from './named-partitions.ts';
import { VersionedFields } from './versioned-fields.ts';

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
  async handle(request, context): Promise<Outcome> {
    const { cluster, out } = context;
    const group = cluster.groups.get(request.groupId);
    const code = context.forcedError() || groupError(request.groupId, context) || groupRefusal(group);
    const fields = new VersionedFields(out.fields, false);
    fields.writer.int16(code).int32(0);
    const topics = code === ErrorCodes.NONE ? request.topics : [];
    await codedPartitions(fields, topics, (topic, { partition }) => {
      const refused = context.forcedError(topic, partition) || refusal({ topic, partition }, group, context);
      if (refused === ErrorCodes.NONE) group?.offsets.delete(topic, partition);
      return refused;
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

function refusal(
  { topic, partition }: TopicPartition,
  group: Group | undefined,
  { cluster }: RequestContext,
): number {
  if (cluster.topics.partition(topic, partition) === undefined) return ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION;
  return group?.isSubscribedTo(topic) === true ? ErrorCodes.GROUP_SUBSCRIBED_TO_TOPIC : ErrorCodes.NONE;
}
