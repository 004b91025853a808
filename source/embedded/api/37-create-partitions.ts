import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import { defineApi } from '../api.ts';
import type { Outcome, RequestContext } from '../api.ts';
import { addedReplicasProblem } from '../logs/replica-assignment.ts';
import type { Topic } from '../logs/topics.ts';
import { creationExcess } from './creation-limit.ts';
import { pacedArray } from '../paced.ts';
import { duplicateTopic, repeatedTopics } from './repeated-topics.ts';

interface TopicToGrow {
  readonly topic: string;
  readonly partitions: readonly never[];
  readonly count: number;
  /** The replicas of each partition that is added; null where the cluster chooses. */
  readonly assignments: readonly (readonly number[])[] | null;
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
      return { topic, partitions: [], count, assignments };
    }),
    timeoutMs: reader.int32(),
    validateOnly: reader.boolean(),
  }),
  async handle(request, context): Promise<Outcome> {
    const { topics } = context.cluster;
    const { once, repeated } = repeatedTopics(request.topics);
    let added = 0;
    for (const { topic, count } of request.topics) {
      const before = topics.get(topic)?.partitions.length;
      if (before !== undefined) added += Math.max(0, count - before);
    }
    const excess = creationExcess(0, added);
    const writer = context.out.fields.int32(0);
    await pacedArray(writer, once, (wanted) => {
      const problem = repeated.has(wanted.topic)
        ? duplicateTopic
        : (excess ?? grow(wanted, request.validateOnly, context));
      if (problem !== undefined) {
        const why = problem.message;
        context.refused(problem.code, { topic: wanted.topic, ...(why !== null && { why }) });
      }
      writer
        .string(wanted.topic)
        .int16(problem?.code ?? ErrorCodes.NONE)
        .nullableString(problem?.message ?? null);
    });
    return 'answer';
  },
});

interface Problem {
  readonly code: number;
  readonly message: string | null;
}

function grow(wanted: TopicToGrow, validateOnly: boolean, context: RequestContext): Problem | undefined {
  const { topics } = context.cluster;
  const forced = context.forcedError(wanted.topic);
  if (forced !== ErrorCodes.NONE) return { code: forced, message: null };
  const topic = topics.get(wanted.topic);
  if (topic === undefined) return { code: ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION, message: null };
  const { count, assignments } = wanted;
  const problem = countProblem(topic, count) ?? assignmentsProblem(topic, wanted, topics.nodeIds);
  if (problem === undefined && !topics.hasRoomFor(count - topic.partitions.length)) {
    return { code: ErrorCodes.POLICY_VIOLATION, message: null };
  }
  if (problem === undefined && !validateOnly) {
    topics.grow(topic, count, assignments ?? undefined);
    context.logger.info('A client added partitions', { topic: topic.name, partitions: count });
  }
  return problem;
}

function countProblem({ name, partitions }: Topic, count: number): Problem | undefined {
  const code = ErrorCodes.INVALID_PARTITIONS;
  if (count === partitions.length) return { code, message: `Topic already has ${count} partition(s).` };
  if (count > partitions.length) return undefined;
  return {
    code,
    message: `The topic ${name} currently has ${partitions.length} partition(s); ${count} would not be an increase.`,
  };
}

function assignmentsProblem(
  { partitions, replicationFactor }: Topic,
  { count, assignments }: TopicToGrow,
  nodeIds: readonly number[],
): Problem | undefined {
  if (assignments === null) return undefined;
  return addedReplicasProblem(assignments, count - partitions.length, { nodeIds, replicationFactor });
}
