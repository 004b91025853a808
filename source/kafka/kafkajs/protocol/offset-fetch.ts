import { WireWriter } from '../../wire/wire-writer.ts';
import type { RawRequest } from '../connection/raw-call.ts';
import { compactPartitions } from './compact-partitions.ts';
import type { TopicPartition } from '../../../kernel/topic-partition.ts';

export const OFFSET_FETCH = 9;

export interface FetchedOffset extends TopicPartition {
  /** -1: nothing was committed. */
  readonly offset: number;
  readonly leaderEpoch: number;
  readonly metadata: string;
  readonly errorCode: number;
}

export interface OffsetFetchAnswer {
  readonly errorCode: number;
  readonly offsets: readonly FetchedOffset[];
}

/**
 * OffsetFetch v7.
 *
 * @param partitions null: all that the group has committed
 * @param requireStable whether an offset that the end of a transaction may change is answered with
 *   UNSTABLE_OFFSET_COMMIT
 * @see https://kafka.apache.org/protocol#The_Messages_OffsetFetch
 */
export function offsetFetchRequest(
  groupId: string,
  partitions: readonly TopicPartition[] | null,
  requireStable = false,
): RawRequest<OffsetFetchAnswer> {
  const writer = new WireWriter().compactString(groupId);
  if (partitions === null) writer.uvarint(0);
  else compactPartitions(writer, partitions);
  writer.boolean(requireStable).noTags();
  return {
    apiKey: OFFSET_FETCH,
    apiName: 'OffsetFetch',
    apiVersion: 7,
    flexible: true,
    body: [writer.toBuffer()],
    throttleTime: 'first',
    parse: (reader) => {
      const offsets: FetchedOffset[] = [];
      reader.int32();
      reader.compactArray((topics) => {
        const topic = topics.compactString();
        topics.compactArray((entries) => {
          const partition = entries.int32();
          const offset = entries.int64();
          const leaderEpoch = entries.int32();
          const metadata = entries.compactNullableString() ?? '';
          const errorCode = entries.int16();
          entries.skipTags();
          offsets.push({ topic, partition, offset, leaderEpoch, metadata, errorCode });
        });
        topics.skipTags();
      });
      return { offsets, errorCode: reader.int16() };
    },
  };
}
