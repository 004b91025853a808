import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import { defineApi } from '../api.ts';
import type { RequestContext } from '../api.ts';
import type { OpenTransaction } from '../logs/open-transactions.ts';

/**
 * Describes only producers whose transactions are open.
 *
 * @see https://kafka.apache.org/protocol#The_Messages_DescribeProducers
 */
export const describeProducers = defineApi({
  key: 61,
  name: 'DescribeProducers',
  min: 0,
  max: 0,
  flexibleFrom: 0,
  read(reader) {
    const topics = reader.compactArray(() => {
      const topic = reader.compactString();
      const partitions = reader.compactArray(() => ({ partition: reader.int32() }));
      reader.skipTags();
      return { topic, partitions };
    });
    reader.skipTags();
    return { topics };
  },
  handle(request, context) {
    context.out.fields.int32(0).compactArray(request.topics, (writer, { topic, partitions }) => {
      writer.compactString(topic).compactArray(partitions, (_, { partition }) => {
        const { code, open } = find(topic, partition, context);
        writer.int32(partition).int16(code).compactNullableString(null);
        writer.compactArray(open, (_list, { producerId, epoch, firstOffset, lastTimestamp }) => {
          writer.bigInt64(producerId).int32(epoch).int32(-1).int64(lastTimestamp).int32(0);
          writer.int64(firstOffset).noTags();
        });
        writer.noTags();
      });
      writer.noTags();
    });
    context.out.fields.noTags();
    return 'answer';
  },
});

function find(
  topic: string,
  index: number,
  context: RequestContext,
): { code: number; open: readonly OpenTransaction[] } {
  const partition = context.cluster.topics.partition(topic, index);
  const code =
    context.forcedError(topic, index) ||
    (partition?.access(context.nodeId) ?? ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION);
  return { code, open: code === ErrorCodes.NONE ? (partition?.log.transactions.all() ?? []) : [] };
}
