import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import type { TopicPartition } from '../../kernel/topic-partition.ts';
import { defineApi } from '../api.ts';
import type { RequestContext } from '../api.ts';
import type { AppendResult } from '../logs/partition.ts';

/** What is sent for one partition. */
interface ToAppend extends TopicPartition {
  readonly records: Buffer | null;
}

/** The answer for one partition. */
interface PartitionResult extends AppendResult {
  readonly partition: number;
  readonly logStartOffset: number;
}

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
    const topics = [...recordsByPartition(request.topics)].map(([topic, partitions]) => ({
      topic,
      results: [...partitions].map(([partition, records]) => {
        const result = append({ topic, partition, records }, request.acks, context);
        context.refused(result.code, { topic, partition });
        return result;
      }),
    }));
    if (request.acks === 0) {
      // Without an answer, a closed connection is the only way to report an error to the client.
      const failed = topics.some(({ results }) => results.some(({ code }) => code !== ErrorCodes.NONE));
      return failed ? 'close' : 'no-answer';
    }
    out.fields.array(topics, (writer, { topic, results }) => {
      writer.string(topic).array(results, (_, result) => {
        writer.int32(result.partition).int16(result.code).int64(result.baseOffset);
        writer.int64(result.logAppendTime);
        if (version >= 5) writer.int64(result.logStartOffset);
      });
    });
    out.fields.int32(0);
    return 'answer';
  },
});

/**
 * Of a partition that is listed twice in the request only the second record set counts, as on a
 * real broker.
 */
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

function append(wanted: ToAppend, acks: number, context: RequestContext): PartitionResult {
  const { cluster, nodeId, version } = context;
  const { partition: index, records } = wanted;
  const topic = cluster.topics.get(wanted.topic);
  const partition = topic?.partitions[index];
  const code =
    context.forcedError(wanted.topic, index) ||
    (acks < -1 || acks > 1 ? ErrorCodes.INVALID_REQUIRED_ACKS : ErrorCodes.NONE) ||
    (partition?.access(nodeId) ?? ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION);
  if (code !== ErrorCodes.NONE || topic === undefined || partition === undefined) return refused(index, code);
  const { maxMessageBytes, minInsyncReplicas } = topic.config;
  if (acks === -1 && cluster.topics.inSyncReplicas(partition).length < minInsyncReplicas) {
    return refused(index, ErrorCodes.NOT_ENOUGH_REPLICAS);
  }
  const result = partition.appendFromProducer(records, version, maxMessageBytes);
  const accepted = result.code === ErrorCodes.NONE;
  return { ...result, partition: index, logStartOffset: accepted ? partition.log.startOffset : -1 };
}

function refused(partition: number, code: number): PartitionResult {
  return { partition, code, baseOffset: -1, logAppendTime: -1, logStartOffset: -1 };
}
