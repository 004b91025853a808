import { WireWriter } from '../../wire/wire-writer.ts';
import type { RawRequest } from '../connection/raw-call.ts';
import { byTopic } from '../../wire/by-topic.ts';
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
 * OffsetFetch v5.
 *
 * @param partitions null: all that the group has committed
 * @see https://kafka.apache.org/protocol#The_Messages_OffsetFetch
 */
export function offsetFetchRequest(
  groupId: string,
  partitions: readonly TopicPartition[] | null,
): RawRequest<OffsetFetchAnswer> {
  const writer = new WireWriter().string(groupId);
  if (partitions === null) writer.int32(-1);
  else {
    writer.array(byTopic(partitions), (topics, { topic, entries }) => {
      topics.string(topic).array(entries, (list, { partition }) => {
        list.int32(partition);
      });
    });
  }
  return {
    apiKey: OFFSET_FETCH,
    apiName: 'OffsetFetch',
    apiVersion: 5,
    body: [writer.toBuffer()],
    throttleTime: 'first',
    parse: (reader) => {
      const offsets: FetchedOffset[] = [];
      reader.int32();
      reader.array((topics) => {
        const topic = topics.string();
        topics.array((entries) => {
          offsets.push({
            topic,
            partition: entries.int32(),
            offset: entries.int64(),
            leaderEpoch: entries.int32(),
            metadata: entries.nullableString() ?? '',
            errorCode: entries.int16(),
          });
        });
      });
      return { offsets, errorCode: reader.int16() };
    },
  };
}
