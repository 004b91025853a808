import { defineApi } from '../api.ts';
import type { RequestContext } from '../api.ts';
import { ErrorCodes } from '../error-codes.ts';
import type { AppendResult } from '../partition.ts';

const REFUSED = { baseOffset: -1, logAppendTime: -1 } as const;

/** @see https://kafka.apache.org/protocol#The_Messages_Produce */
export const produce = defineApi({
  key: 0,
  name: 'Produce',
  min: 3,
  max: 7,
  // As Kafka 4 does: some clients take a higher minimum for "no compression".
  advertisedMin: 0,
  read: (reader) => ({
    transactionalId: reader.nullableString(),
    acks: reader.int16(),
    timeoutMs: reader.int32(),
    topics: reader.array(() => ({
      topic: reader.string(),
      partitions: reader.array(() => ({ partition: reader.int32(), records: reader.bytes() })),
    })),
  }),
  handle(request, context) {
    const { out, version } = context;
    let failed = false;
    const topics = [...recordsByPartition(request.topics)];
    out.fields.array(topics, (writer, [topic, partitions]) => {
      writer.string(topic).array([...partitions], (_, [partition, records]) => {
        const result = append(topic, partition, records, request.acks, context);
        failed ||= result.code !== ErrorCodes.NONE;
        writer.int32(partition).int16(result.code).int64(result.baseOffset).int64(result.logAppendTime);
        if (version >= 5)
          writer.int64(context.cluster.topics.partition(topic, partition)?.log.startOffset ?? -1);
      });
    });
    out.fields.int32(0);
    if (request.acks !== 0) return 'answer';
    // Without an answer, a lost connection is the only way to tell the client of an error.
    return failed ? 'close' : 'no-answer';
  },
});

/** A partition that stands in the request twice keeps its second record set alone: a broker's own behaviour. */
function recordsByPartition(
  topics: readonly {
    topic: string;
    partitions: readonly { partition: number; records: Buffer | null }[];
  }[],
): Map<string, Map<number, Buffer | null>> {
  const merged = new Map<string, Map<number, Buffer | null>>();
  for (const { topic, partitions } of topics) {
    let records = merged.get(topic);
    if (records === undefined) {
      records = new Map();
      merged.set(topic, records);
    }
    for (const entry of partitions) records.set(entry.partition, entry.records);
  }
  return merged;
}

function append(
  topicName: string,
  index: number,
  records: Buffer | null,
  acks: number,
  context: RequestContext,
): AppendResult {
  const { cluster, nodeId, version } = context;
  const forced = context.forcedError(topicName, index);
  if (forced !== ErrorCodes.NONE) return { ...REFUSED, code: forced };
  if (acks < -1 || acks > 1) return { ...REFUSED, code: ErrorCodes.INVALID_REQUIRED_ACKS };
  const topic = cluster.topics.get(topicName);
  const partition = topic?.partitions[index];
  if (topic === undefined || partition === undefined) {
    return { ...REFUSED, code: ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION };
  }
  const access = partition.access(nodeId, -1, true);
  if (access !== ErrorCodes.NONE) return { ...REFUSED, code: access };
  const { maxMessageBytes, minInsyncReplicas } = topic.config;
  if (acks === -1 && cluster.topics.inSyncReplicas(partition).length < minInsyncReplicas) {
    return { ...REFUSED, code: ErrorCodes.NOT_ENOUGH_REPLICAS };
  }
  return partition.appendFromProducer(records, version, maxMessageBytes);
}
