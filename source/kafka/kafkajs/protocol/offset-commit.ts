import type { OffsetToCommit } from '../../group-offsets.ts';
import { WireWriter } from '../../wire/wire-writer.ts';
import type { RawRequest } from '../connection/raw-call.ts';
import { byTopic } from '../../wire/by-topic.ts';
import type { TopicPartition } from '../../../kernel/topic-partition.ts';

export const OFFSET_COMMIT = 8;
/** Generation and member id of who is no member of the group. */
const NO_GENERATION = -1;
const NO_MEMBER = '';

export interface CommittedPartition extends TopicPartition {
  readonly errorCode: number;
}

/**
 * OffsetCommit v7 as a simple consumer: accepted as long as the group has no members.
 *
 * @see https://kafka.apache.org/protocol#The_Messages_OffsetCommit
 */
export function offsetCommitRequest(
  groupId: string,
  offsets: readonly OffsetToCommit[],
): RawRequest<CommittedPartition[]> {
  const writer = new WireWriter(128 + offsets.length * 32)
    .string(groupId)
    .int32(NO_GENERATION)
    .string(NO_MEMBER)
    .nullableString(null)
    .array(byTopic(offsets), (topics, { topic, entries }) => {
      topics.string(topic).array(entries, (list, entry) => {
        list
          .int32(entry.partition)
          .int64(entry.offset)
          .int32(entry.leaderEpoch)
          .nullableString(entry.metadata);
      });
    });
  return {
    apiKey: OFFSET_COMMIT,
    apiName: 'OffsetCommit',
    apiVersion: 7,
    body: [writer.toBuffer()],
    throttleTime: 'first',
    parse: (reader) => {
      const committed: CommittedPartition[] = [];
      reader.int32();
      reader.array((topics) => {
        const topic = topics.string();
        topics.array((entries) => {
          committed.push({ topic, partition: entries.int32(), errorCode: entries.int16() });
        });
      });
      return committed;
    },
  };
}
