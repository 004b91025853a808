import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import { isTopicName } from '../../kernel/topic-name.ts';
import { topicConfigProblem } from '../settings/check-config.ts';
import type { Refusal } from '../settings/refusal.ts';
import { newTopicReplicasProblem } from './replica-assignment.ts';
import { MAX_PARTITIONS } from './topics.ts';
import type { NewTopic, Topics } from './topics.ts';

const MAX_NAME = 249;

/** Copies of a topic that asks for no number: three, or as many as there are nodes. */
export function defaultReplicationFactor(topics: Topics): number {
  return Math.min(3, topics.nodeCount);
}

/** The first problem with a new topic, in a broker's order; undefined if it can be created. */
export function newTopicProblem(wanted: NewTopic, topics: Topics): Refusal | undefined {
  const { name, partitionCount, replicationFactor, config, replicas } = wanted;
  const problem = nameProblem(name, topics) ?? topicConfigProblem(new Map(Object.entries(config)));
  if (problem !== undefined) return problem;
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
  if (replicas !== undefined) return newTopicReplicasProblem(replicas, topics.nodeIds);
  if (replicationFactor < 1 || replicationFactor > topics.nodeCount) {
    return {
      code: ErrorCodes.INVALID_REPLICATION_FACTOR,
      message: `topic '${name}' wants ${replicationFactor} replicas, and there are ${topics.nodeCount} nodes`,
    };
  }
  return undefined;
}

/** Why no topic can have this name, in a broker's words. */
export function topicNameProblemText(name: string): string {
  const what = 'Topic name is invalid:';
  if (name === '') return `${what} the empty string is not allowed`;
  if (name === '.' || name === '..') return `${what} '${name}' is not allowed`;
  if (name.length > MAX_NAME) {
    return `${what} the length of '${shownStart(name)}' is longer than the max allowed length ${MAX_NAME}`;
  }
  return `${what} '${name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'`;
}

function nameProblem(name: string, topics: Topics): Refusal | undefined {
  const code = ErrorCodes.INVALID_TOPIC_EXCEPTION;
  if (!isTopicName(name)) return { code, message: topicNameProblemText(name) };
  if (topics.get(name) !== undefined) {
    return { code: ErrorCodes.TOPIC_ALREADY_EXISTS, message: `Topic '${name}' already exists.` };
  }
  const other = topics.colliding(name);
  if (other === undefined) return undefined;
  return { code, message: `Topic '${name}' collides with existing topic: ${other}` };
}

/** A name may be as long as a request. */
function shownStart(name: string): string {
  return name.length <= 2 * MAX_NAME ? name : `${name.slice(0, MAX_NAME)}...`;
}
