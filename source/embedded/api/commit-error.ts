import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import type { TopicPartition } from '../../kernel/topic-partition.ts';
import type { ClusterState } from '../cluster-state.ts';

/** A broker's `offset.metadata.max.bytes`. */
const MAX_METADATA_BYTES = 4096;

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
