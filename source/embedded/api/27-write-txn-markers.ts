import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import { defineApi } from '../api.ts';
import type { RequestContext } from '../api.ts';
import type { TransactionMarker } from '../logs/marker-batch.ts';
import { readFlexiblePartitions } from './named-partitions.ts';

/**
 * Ends transactions in single partitions, whatever their coordinator knows of them: an operator ends
 * those that hang with it.
 *
 * @see https://kafka.apache.org/protocol#The_Messages_WriteTxnMarkers
 */
export const writeTxnMarkers = defineApi({
  key: 27,
  name: 'WriteTxnMarkers',
  min: 1,
  max: 1,
  flexibleFrom: 1,
  read(reader) {
    const markers = reader.compactArray(() => {
      const producerId = reader.bigInt64();
      const epoch = reader.int16();
      const committed = reader.boolean();
      const topics = reader.compactArray(readFlexiblePartitions);
      const coordinatorEpoch = reader.int32();
      reader.skipTags();
      return { marker: { producerId, epoch, committed, coordinatorEpoch }, topics };
    });
    reader.skipTags();
    return { markers, topics: markers.flatMap(({ topics }) => topics) };
  },
  handle(request, context) {
    context.out.fields.compactArray(request.markers, (writer, { marker, topics }) => {
      writer.bigInt64(marker.producerId).compactArray(topics, (_topics, { topic, partitions }) => {
        writer.compactString(topic).compactArray(partitions, (_partitions, { partition }) => {
          writer
            .int32(partition)
            .int16(write(marker, topic, partition, context))
            .noTags();
        });
        writer.noTags();
      });
      writer.noTags();
    });
    context.out.fields.noTags();
    return 'answer';
  },
});

function write(marker: TransactionMarker, topic: string, index: number, context: RequestContext): number {
  const { cluster, nodeId } = context;
  const partition = cluster.topics.partition(topic, index);
  const code =
    context.forcedError(topic, index) || (partition?.access(nodeId) ?? ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION);
  if (code !== ErrorCodes.NONE || partition === undefined) return code;
  return partition.appendMarker(marker, cluster.clock.wallNow());
}
