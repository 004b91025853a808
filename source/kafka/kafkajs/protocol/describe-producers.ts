import type { TopicPartition } from '../../../kernel/topic-partition.ts';
import { WireWriter } from '../../wire/wire-writer.ts';
import type { RawRequest } from '../connection/raw-call.ts';
import { compactPartitions } from './compact-partitions.ts';

export const DESCRIBE_PRODUCERS = 61;
export const DESCRIBE_PRODUCERS_VERSION = 0;

export interface DescribedProducer {
  readonly producerId: number;
  /** Of its last write, in ms since 1970; -1 if it is not known. */
  readonly lastTimestamp: number;
  /** The first offset of its open transaction; -1 if it has none. */
  readonly transactionStart: number;
}

export interface DescribedProducers extends TopicPartition {
  readonly errorCode: number;
  readonly producers: readonly DescribedProducer[];
}

/**
 * DescribeProducers v0: who has written to partitions lately, and whose transactions are open
 * there. Served by Apache Kafka 2.8 and newer.
 *
 * @see https://kafka.apache.org/protocol#The_Messages_DescribeProducers
 */
export function describeProducersRequest(
  partitions: readonly TopicPartition[],
): RawRequest<DescribedProducers[]> {
  const writer = compactPartitions(new WireWriter(), partitions).noTags();
  return {
    apiKey: DESCRIBE_PRODUCERS,
    apiName: 'DescribeProducers',
    apiVersion: DESCRIBE_PRODUCERS_VERSION,
    flexible: true,
    body: [writer.toBuffer()],
    throttleTime: 'first',
    parse: (reader) => {
      const described: DescribedProducers[] = [];
      reader.int32();
      reader.compactArray((topics) => {
        const topic = topics.compactString();
        topics.compactArray((entries) => {
          const partition = entries.int32();
          const errorCode = entries.int16();
          entries.compactNullableString();
          const producers = entries.compactArray((list): DescribedProducer => {
            const producerId = list.int64();
            list.int32();
            list.int32();
            const lastTimestamp = list.int64();
            list.int32();
            const transactionStart = list.int64();
            list.skipTags();
            return { producerId, lastTimestamp, transactionStart };
          });
          entries.skipTags();
          described.push({ topic, partition, errorCode, producers });
        });
        topics.skipTags();
      });
      return described;
    },
  };
}
