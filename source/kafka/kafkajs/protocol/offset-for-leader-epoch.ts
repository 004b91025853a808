import { WireWriter } from '../../wire/wire-writer.ts';
import type { RawRequest } from '../connection/raw-call.ts';
import { byTopic } from '../../wire/by-topic.ts';
import type { TopicPartition } from '../../../kernel/topic-partition.ts';

export const OFFSET_FOR_LEADER_EPOCH = 23;
export const OFFSET_FOR_LEADER_EPOCH_VERSION = 2;

export interface EpochQuery extends TopicPartition {
  /** The epoch of the leader that is asked, from the metadata; -1: unchecked. */
  readonly currentLeaderEpoch: number;
  /** The epoch whose end is asked for. */
  readonly leaderEpoch: number;
}

export interface EpochEndAnswer extends TopicPartition {
  readonly errorCode: number;
  /** -1: the leader knows no such epoch. */
  readonly endOffset: number;
}

/**
 * OffsetForLeaderEpoch v2: where the log of an epoch ends, at the leader of now. If that is before
 * our position, the log was truncated.
 *
 * @see https://kafka.apache.org/protocol#The_Messages_OffsetForLeaderEpoch
 */
export function offsetForLeaderEpochRequest(queries: readonly EpochQuery[]): RawRequest<EpochEndAnswer[]> {
  const writer = new WireWriter().array(byTopic(queries), (topics, { topic, entries }) => {
    topics.string(topic).array(entries, (list, { partition, currentLeaderEpoch, leaderEpoch }) => {
      list.int32(partition).int32(currentLeaderEpoch).int32(leaderEpoch);
    });
  });
  return {
    apiKey: OFFSET_FOR_LEADER_EPOCH,
    apiName: 'OffsetForLeaderEpoch',
    apiVersion: OFFSET_FOR_LEADER_EPOCH_VERSION,
    body: [writer.toBuffer()],
    throttleTime: 'first',
    parse: (reader) => {
      const ends: EpochEndAnswer[] = [];
      reader.int32();
      reader.array((topics) => {
        const topic = topics.string();
        topics.array((entries) => {
          const errorCode = entries.int16();
          const partition = entries.int32();
          entries.int32();
          ends.push({ topic, partition, errorCode, endOffset: entries.int64() });
        });
      });
      return ends;
    },
  };
}
