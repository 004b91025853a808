import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import { defineApi } from '../api.ts';
import type { Outcome, RequestContext } from '../api.ts';
import { VersionedFields } from './versioned-fields.ts';

interface EpochQuery {
  readonly partition: number;
  readonly currentLeaderEpoch: number;
  readonly leaderEpoch: number;
}

/** @see https://kafka.apache.org/protocol#The_Messages_OffsetForLeaderEpoch */
export const offsetForLeaderEpoch = defineApi({
  key: 23,
  name: 'OffsetForLeaderEpoch',
  min: 0,
  max: 3,
  read(reader, version) {
    if (version >= 3) reader.int32(); // replica id
    return {
      topics: reader.array(() => ({
        topic: reader.string(),
        partitions: reader.array(() => ({
          partition: reader.int32(),
          currentLeaderEpoch: version >= 2 ? reader.int32() : -1,
          leaderEpoch: reader.int32(),
        })),
      })),
    };
  },
  async handle(request, context): Promise<Outcome> {
    const { out, version } = context;
    if (version >= 2) out.fields.int32(0);
    const fields = new VersionedFields(out.fields, false);
    await fields.byTopic(request.topics, (topic, query) => {
      const { code, epoch, endOffset } = find(topic, query, context);
      fields.writer.int16(code).int32(query.partition);
      if (version >= 1) fields.writer.int32(epoch);
      fields.writer.int64(endOffset);
    });
    return 'answer';
  },
});

function find(
  topic: string,
  query: EpochQuery,
  context: RequestContext,
): { code: number; epoch: number; endOffset: number } {
  const partition = context.cluster.topics.partition(topic, query.partition);
  const code =
    context.forcedError(topic, query.partition) ||
    (partition?.access(context.nodeId, query) ?? ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION);
  if (code !== ErrorCodes.NONE || partition === undefined) return { code, epoch: -1, endOffset: -1 };
  return { code, ...partition.log.endOfEpoch(query.leaderEpoch) };
}
