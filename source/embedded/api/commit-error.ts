import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import type { TopicPartition } from '../../kernel/topic-partition.ts';
import type { ClusterState } from '../cluster-state.ts';
import type { CommittedTopic } from './committed-topics.ts';

/** A broker's `offset.metadata.max.bytes`. */
const MAX_METADATA_BYTES = 4096;
/** What the coordinator stores of each offset beside the names of group and topic, and metadata. */
const STORED_BYTES = 48;
const BATCH_BYTES = 61;

/**
 * The error code for one offset of a commit, 0 if it is stored.
 *
 * @param refusal the code for the whole request; a partition that does not exist is named before it
 */
export function commitError(
  entry: TopicPartition & { readonly metadata: string },
  refusal: number,
  cluster: ClusterState,
): number {
  if (cluster.topics.partition(entry.topic, entry.partition) === undefined) {
    return ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION;
  }
  if (refusal !== ErrorCodes.NONE) return refusal;
  return Buffer.byteLength(entry.metadata) > MAX_METADATA_BYTES
    ? ErrorCodes.OFFSET_METADATA_TOO_LARGE
    : ErrorCodes.NONE;
}

/**
 * The error code for a commit that is too large as a whole, else 0: all that one request commits is
 * one record batch of the offsets topic.
 */
export function commitSizeError(
  { groupId, topics }: { readonly groupId: string; readonly topics: readonly CommittedTopic[] },
  { maxCommitBytes }: ClusterState,
): number {
  let bytes = BATCH_BYTES;
  for (const { topic, partitions } of topics) {
    const each = STORED_BYTES + Buffer.byteLength(groupId) + Buffer.byteLength(topic);
    for (const { metadata } of partitions) bytes += each + Buffer.byteLength(metadata);
  }
  return bytes > maxCommitBytes ? ErrorCodes.UNKNOWN_SERVER_ERROR : ErrorCodes.NONE;
}
