import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import { defineApi } from '../api.ts';
import type { Outcome, RequestContext } from '../api.ts';
import type { TransactionMarker } from '../logs/marker-batch.ts';
import { readFlexiblePartitions } from './named-partitions.ts';
import { VersionedFields } from './versioned-fields.ts';

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
  async handle(request, context): Promise<Outcome> {
    const fields = new VersionedFields(context.out.fields, true);
    const { writer } = fields;
    await fields.pacedArray(request.markers, async ({ marker, topics }) => {
      writer.bigInt64(marker.producerId);
      await fields.byTopic(topics, (topic, { partition }) => {
        const code = write(marker, topic, partition, context);
        writer.int32(partition).int16(code).noTags();
      });
      writer.noTags();
    });
    writer.noTags();
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
