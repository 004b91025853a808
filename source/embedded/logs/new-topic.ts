import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import { isTopicName } from '../../kernel/topic-name.ts';
import { unknownSettings } from './topic-config.ts';
import { MAX_PARTITIONS } from './topics.ts';
import type { NewTopic, Topics } from './topics.ts';

/** Why a topic cannot be created: Kafka's error code, and a message. */
export interface NewTopicProblem {
  readonly code: number;
  readonly message: string;
}

/** Copies of a topic that asks for no number: three, or as many as there are nodes. */
export function defaultReplicationFactor(topics: Topics): number {
  return Math.min(3, topics.nodeCount);
}

/** The first problem with a new topic, in a broker's order; undefined if it can be created. */
export function newTopicProblem(wanted: NewTopic, topics: Topics): NewTopicProblem | undefined {
  const { name, partitionCount, replicationFactor, config } = wanted;
  if (!isTopicName(name)) {
    return {
      code: ErrorCodes.INVALID_TOPIC_EXCEPTION,
      message: `a topic's name has 1 to 249 letters, digits, '.', '_' or '-', got '${name}'`,
    };
  }
  if (topics.get(name) !== undefined) {
    return { code: ErrorCodes.TOPIC_ALREADY_EXISTS, message: `topic '${name}' exists already` };
  }
  if (!Number.isInteger(partitionCount) || partitionCount < 1) {
    return {
      code: ErrorCodes.INVALID_PARTITIONS,
      message: `topic '${name}' needs a whole number of partitions from 1, got ${partitionCount}`,
    };
  }
  if (!topics.hasRoomFor(partitionCount)) {
    return {
      code: ErrorCodes.POLICY_VIOLATION,
      message: `topic '${name}' has no room: all topics together may have ${MAX_PARTITIONS} partitions`,
    };
  }
  if (replicationFactor < 1 || replicationFactor > topics.nodeCount) {
    return {
      code: ErrorCodes.INVALID_REPLICATION_FACTOR,
      message: `topic '${name}' wants ${replicationFactor} replicas, and there are ${topics.nodeCount} nodes`,
    };
  }
  const unknown = unknownSettings(config);
  if (unknown.length > 0) {
    return {
      code: ErrorCodes.INVALID_CONFIG,
      message: `topic '${name}' has settings that Kafka does not know: ${unknown.join(', ')}`,
    };
  }
  return undefined;
}
