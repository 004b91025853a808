import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import type { RequestContext } from '../api.ts';
import { defaultReplicationFactor, newTopicProblem } from '../logs/new-topic.ts';
import type { NewTopic } from '../logs/topics.ts';
import { MAX_RECORDS } from './creation-limit.ts';

/** Creates a topic that was checked, and the log says so. */
export function createForClient(topic: NewTopic, { cluster, logger, clientId }: RequestContext): void {
  cluster.topics.create(topic);
  const { name, partitionCount, replicationFactor } = topic;
  logger.info('A client created a topic', {
    topic: name,
    partitions: partitionCount,
    replicas: replicationFactor,
    clientId,
  });
}

/**
 * Creates the topics that a Metadata request names, with the defaults of the cluster
 * (`auto.create.topics.enable`, `num.partitions`).
 *
 * @returns the error code of each that cannot be created
 */
export function createByUse(names: Iterable<string>, context: RequestContext): ReadonlyMap<string, number> {
  const { topics, defaultPartitions } = context.cluster;
  const refusals = new Map<string, number>();
  let left = MAX_RECORDS;
  for (const name of names) {
    if (context.forcedError(name) !== ErrorCodes.NONE) continue;
    const replicationFactor = defaultReplicationFactor(topics);
    const topic = { name, partitionCount: defaultPartitions, replicationFactor, config: {} };
    const problem = newTopicProblem(topic, topics);
    if (problem !== undefined) refusals.set(name, problem.code);
    else if (left < defaultPartitions) refusals.set(name, ErrorCodes.POLICY_VIOLATION);
    else {
      left -= defaultPartitions;
      createForClient(topic, context);
    }
  }
  return refusals;
}
