import { WireWriter } from '../../wire/wire-writer.ts';
import type { RawRequest } from '../connection/raw-call.ts';
import { byTopic } from '../../wire/by-topic.ts';
import type { TopicPartition } from '../../../kernel/topic-partition.ts';

export const LIST_OFFSETS = 2;
export const LATEST_TIMESTAMP = -1;
export const EARLIEST_TIMESTAMP = -2;

export interface ListOffsetsPartition extends TopicPartition {
  readonly leaderEpoch: number;
  /** Milliseconds since 1970, or one of the constants. */
  readonly timestamp: number;
}

export interface ListedOffset extends TopicPartition {
  readonly errorCode: number;
  /** -1: no record is that new. */
  readonly offset: number;
}

/**
 * ListOffsets v5: the first version in which a leader that was just elected says (code 78) that it
 * does not know its end yet.
 *
 * @see https://kafka.apache.org/protocol#The_Messages_ListOffsets
 */
export function listOffsetsRequest(
  partitions: readonly ListOffsetsPartition[],
  readCommitted: boolean,
): RawRequest<ListedOffset[]> {
  const writer = new WireWriter()
    .int32(-1)
    .int8(readCommitted ? 1 : 0)
    .array(byTopic(partitions), (topics, { topic, entries }) => {
      topics.string(topic).array(entries, (list, entry) => {
        list.int32(entry.partition).int32(entry.leaderEpoch).int64(entry.timestamp);
      });
    });
  return {
    apiKey: LIST_OFFSETS,
    apiName: 'ListOffsets',
    apiVersion: 5,
    body: [writer.toBuffer()],
    throttleTime: 'first',
    parse: (reader) => {
      const listed: ListedOffset[] = [];
      reader.int32();
      reader.array((topics) => {
        const topic = topics.string();
        topics.array((entries) => {
          const partition = entries.int32();
          const errorCode = entries.int16();
          entries.int64();
          const offset = entries.int64();
          entries.int32();
          listed.push({ topic, partition, errorCode, offset });
        });
      });
      return listed;
    },
  };
}
