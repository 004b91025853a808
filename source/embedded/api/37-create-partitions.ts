import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import { defineApi } from '../api.ts';
import type { Outcome, RequestContext } from '../api.ts';
import { creationExcess } from './creation-limit.ts';
import { pacedArray } from './paced.ts';

interface TopicToGrow {
  readonly topic: string;
  readonly partitions: readonly never[];
  readonly count: number;
  readonly hasAssignments: boolean;
}

/** @see https://kafka.apache.org/protocol#The_Messages_CreatePartitions */
export const createPartitions = defineApi({
  key: 37,
  name: 'CreatePartitions',
  min: 0,
  max: 1,
  read: (reader) => ({
    topics: reader.array((): TopicToGrow => {
      const topic = reader.string();
      const count = reader.int32();
      const assignments = reader.nullableArray(() => reader.array(() => reader.int32()));
      return { topic, partitions: [], count, hasAssignments: assignments !== null && assignments.length > 0 };
    }),
    timeoutMs: reader.int32(),
    validateOnly: reader.boolean(),
  }),
  async handle(request, context): Promise<Outcome> {
    const { topics } = context.cluster;
    let added = 0;
    for (const { topic, count } of request.topics) {
      const before = topics.get(topic)?.partitions.length;
      if (before !== undefined) added += Math.max(0, count - before);
    }
    const excess = creationExcess(0, added);
    const writer = context.out.fields.int32(0);
    await pacedArray(writer, request.topics, (wanted) => {
      const code = excess?.code ?? grow(wanted, request.validateOnly, context);
      context.refused(code, { topic: wanted.topic, ...(excess && { why: excess.message }) });
      writer
        .string(wanted.topic)
        .int16(code)
        .nullableString(excess?.message ?? null);
    });
    return 'answer';
  },
});

function grow(wanted: TopicToGrow, validateOnly: boolean, context: RequestContext): number {
  const { topics } = context.cluster;
  const forced = context.forcedError(wanted.topic);
  if (forced !== ErrorCodes.NONE) return forced;
  const topic = topics.get(wanted.topic);
  if (topic === undefined) return ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION;
  if (wanted.count <= topic.partitions.length) return ErrorCodes.INVALID_PARTITIONS;
  if (wanted.hasAssignments) return ErrorCodes.INVALID_REPLICA_ASSIGNMENT;
  if (!topics.hasRoomFor(wanted.count - topic.partitions.length)) return ErrorCodes.POLICY_VIOLATION;
  if (!validateOnly) {
    topics.grow(topic, wanted.count);
    context.logger.info('A client added partitions', { topic: topic.name, partitions: wanted.count });
  }
  return ErrorCodes.NONE;
}
