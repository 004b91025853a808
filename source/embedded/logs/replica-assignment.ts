import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import type { Refusal } from '../settings/refusal.ts';

/** The nodes of one partition's replicas, the leader first. */
export interface PartitionReplicas {
  readonly partition: number;
  readonly replicas: readonly number[];
}

/** The first problem with the replicas of a new topic, in a broker's order. */
export function newTopicReplicasProblem(
  wanted: readonly PartitionReplicas[],
  nodeIds: readonly number[],
): Refusal | undefined {
  const partitions = new Set<number>();
  for (const { partition, replicas } of wanted) {
    if (partitions.has(partition)) {
      return invalid(`Found multiple manual partition assignments for partition ${partition}`);
    }
    partitions.add(partition);
    const problem = replicasProblem(replicas, nodeIds, wanted[0]?.replicas.length);
    if (problem !== undefined) return problem;
  }
  for (let partition = 0; partition < wanted.length; partition++) {
    if (!partitions.has(partition)) {
      return invalid('partitions should be a consecutive 0-based integer sequence');
    }
  }
  return undefined;
}

/** The first problem with the replicas of partitions that a topic is to get. */
export function addedReplicasProblem(
  wanted: readonly (readonly number[])[],
  added: number,
  { nodeIds, replicationFactor }: { readonly nodeIds: readonly number[]; readonly replicationFactor: number },
): Refusal | undefined {
  if (wanted.length !== added) {
    return invalid(
      `Attempted to add ${added} additional partition(s), but only ${wanted.length} assignment(s) were specified.`,
    );
  }
  for (const replicas of wanted) {
    const problem = replicasProblem(replicas, nodeIds, replicationFactor);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function replicasProblem(
  replicas: readonly number[],
  nodeIds: readonly number[],
  count = replicas.length,
): Refusal | undefined {
  const includes = 'The manual partition assignment includes';
  if (replicas.length === 0) return invalid(`${includes} an empty replica list.`);
  let previous: number | undefined;
  for (const nodeId of replicas.toSorted((a, b) => a - b)) {
    if (!nodeIds.includes(nodeId)) {
      return invalid(`${includes} broker ${nodeId}, but no such broker is registered.`);
    }
    if (nodeId === previous) return invalid(`${includes} the broker ${nodeId} more than once.`);
    previous = nodeId;
  }
  if (replicas.length === count) return undefined;
  return invalid(
    `${includes} a partition with ${replicas.length} replica(s), but this is not consistent with previous ` +
      `partitions, which have ${count} replica(s).`,
  );
}

function invalid(message: string): Refusal {
  return { code: ErrorCodes.INVALID_REPLICA_ASSIGNMENT, message };
}
