import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import { defineApi } from '../api.ts';
import type { Outcome, RequestContext } from '../api.ts';
import type { DescribedProducer } from '../logs/partition.ts';
import { readFlexiblePartitions } from './named-partitions.ts';
import { VersionedFields } from './versioned-fields.ts';

/** @see https://kafka.apache.org/protocol#The_Messages_DescribeProducers */
export const describeProducers = defineApi({
  key: 61,
  name: 'DescribeProducers',
  min: 0,
  max: 0,
  flexibleFrom: 0,
  read(reader) {
    const topics = reader.compactArray(readFlexiblePartitions);
    reader.skipTags();
    return { topics };
  },
  async handle(request, context): Promise<Outcome> {
    const writer = context.out.fields.int32(0);
    await new VersionedFields(writer, true).byTopic(request.topics, (topic, { partition }) => {
      const { code, producers } = find(topic, partition, context);
      writer.int32(partition).int16(code).compactNullableString(null);
      writer.compactArray(producers, (_list, each) => {
        writer.bigInt64(each.producerId).int32(each.epoch).int32(each.lastSequence);
        writer.int64(each.lastTimestamp).int32(each.coordinatorEpoch).int64(each.transactionStart).noTags();
      });
      writer.noTags();
    });
    writer.noTags();
    return 'answer';
  },
});

function find(
  topic: string,
  index: number,
  context: RequestContext,
): { code: number; producers: readonly DescribedProducer[] } {
  const partition = context.cluster.topics.partition(topic, index);
  const code =
    context.forcedError(topic, index) ||
    (partition?.access(context.nodeId) ?? ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION);
  return { code, producers: code === ErrorCodes.NONE ? (partition?.describeProducers() ?? []) : [] };
}
