import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import { defineApi } from '../api.ts';
import type { Outcome, RequestContext } from '../api.ts';
import { createForClient } from './topic-creation.ts';
import { creationExcess } from './creation-limit.ts';
import { pacedArray } from '../paced.ts';
import { defaultReplicationFactor, newTopicProblem } from '../logs/new-topic.ts';
import type { PartitionReplicas } from '../logs/replica-assignment.ts';
import type { NewTopic } from '../logs/topics.ts';
import type { Refusal } from '../settings/refusal.ts';
import { duplicateTopic, repeatedTopics } from './repeated-topics.ts';

interface TopicToCreate {
  readonly topic: string;
  readonly partitions: readonly never[];
  readonly partitionCount: number;
  readonly replicationFactor: number;
  readonly assignments: readonly PartitionReplicas[];
  readonly config: Readonly<Record<string, string | null>>;
}

/** @see https://kafka.apache.org/protocol#The_Messages_CreateTopics */
export const createTopics = defineApi({
  key: 19,
  name: 'CreateTopics',
  min: 0,
  max: 4,
  // More topics than are created at once are refused by a code of their own.
  maxItems: 12_000,
  read: (reader, version) => ({
    topics: reader.array((): TopicToCreate => {
      const topic = reader.string();
      const partitionCount = reader.int32();
      const replicationFactor = reader.int16();
      const assignments = reader.array(() => ({
        partition: reader.int32(),
        replicas: reader.array(() => reader.int32()),
      }));
      const config = reader.array(() => [reader.string(), reader.nullableString()] as const);
      return {
        topic,
        partitions: [],
        partitionCount,
        replicationFactor,
        assignments,
        config: Object.fromEntries(config),
      };
    }),
    timeoutMs: reader.int32(),
    validateOnly: version >= 1 && reader.boolean(),
  }),
  async handle(request, context): Promise<Outcome> {
    const { out, version } = context;
    if (version >= 2) out.fields.int32(0);
    const { defaultPartitions } = context.cluster;
    let partitions = 0;
    for (const { partitionCount } of request.topics) {
      partitions += partitionCount === -1 ? defaultPartitions : Math.max(0, partitionCount);
    }
    const excess = creationExcess(request.topics.length, partitions);
    const writer = out.fields;
    const { once, repeated } = repeatedTopics(request.topics);
    await pacedArray(writer, once, (wanted) => {
      const problem = repeated.has(wanted.topic)
        ? duplicateTopic
        : (excess ?? create(wanted, request.validateOnly, context));
      if (problem !== undefined) context.refused(problem.code, { topic: wanted.topic, why: problem.message });
      writer.string(wanted.topic).int16(problem?.code ?? ErrorCodes.NONE);
      if (version >= 1) writer.nullableString(problem?.message ?? null);
    });
    return 'answer';
  },
});

function create(wanted: TopicToCreate, validateOnly: boolean, context: RequestContext): Refusal | undefined {
  const { topics } = context.cluster;
  const forced = context.forcedError(wanted.topic);
  if (forced !== ErrorCodes.NONE) return { code: forced, message: 'Asked for by a fault hook' };
  const refused = assignmentProblem(wanted);
  if (refused !== undefined) return refused;
  const { topic: name, config, assignments: replicas } = wanted;
  const problemOf = (topic: NewTopic) => {
    const problem = newTopicProblem(topic, topics);
    if (problem === undefined && !validateOnly) createForClient(topic, context);
    return problem;
  };
  const [first] = replicas;
  if (first !== undefined) {
    const replicationFactor = first.replicas.length;
    return problemOf({ name, config, replicas, replicationFactor, partitionCount: replicas.length });
  }
  // From version 4 on, -1 asks for the broker's own numbers.
  const partitionCount =
    wanted.partitionCount === -1 ? context.cluster.defaultPartitions : wanted.partitionCount;
  const replicationFactor =
    wanted.replicationFactor === -1 ? defaultReplicationFactor(topics) : wanted.replicationFactor;
  return problemOf({ name, config, replicationFactor, partitionCount });
}

/** Whoever says where the replicas are to be, says how many there are. */
function assignmentProblem(wanted: TopicToCreate): Refusal | undefined {
  if (wanted.assignments.length === 0) return undefined;
  const what = 'A manual partition assignment was specified, but';
  const code = ErrorCodes.INVALID_REQUEST;
  if (wanted.replicationFactor !== -1) {
    return { code, message: `${what} replication factor was not set to -1.` };
  }
  return wanted.partitionCount === -1
    ? undefined
    : { code, message: `${what} numPartitions was not set to -1.` };
}
