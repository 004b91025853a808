import type { WireReader } from '../../wire/wire-reader.ts';
import { WireWriter } from '../../wire/wire-writer.ts';
import type { RawRequest } from '../connection/raw-call.ts';
import { byTopic } from '../../wire/by-topic.ts';
import type { TopicPartition } from '../../../kernel/topic-partition.ts';

export const PRODUCE = 0;
const ALL_IN_SYNC_REPLICAS = -1;

export interface ProducePartition extends TopicPartition {
  /** One whole record batch: a broker refuses two of them. */
  readonly batch: Buffer;
}

export interface ProducedPartition extends TopicPartition {
  readonly errorCode: number;
  readonly baseOffset: number;
}

/**
 * Produce v7, acks=all. A partition may occur once only: the broker would store the last of its
 * batches alone and answer for it without an error.
 *
 * @param options.timeoutMs for how long the broker waits for its replicas
 * @param options.transactionalId whose transaction the batches belong to; null: they belong to none
 * @see https://kafka.apache.org/protocol#The_Messages_Produce
 */
export function produceRequest(
  partitions: readonly ProducePartition[],
  { timeoutMs, transactionalId }: { readonly timeoutMs: number; readonly transactionalId: string | null },
): RawRequest<ProducedPartition[]> {
  const body: Buffer[] = [];
  let writer = new WireWriter(256)
    .nullableString(transactionalId)
    .int16(ALL_IN_SYNC_REPLICAS)
    .int32(timeoutMs);
  const topics = byTopic(partitions);
  writer.int32(topics.length);
  for (const { topic, entries } of topics) {
    writer.string(topic).int32(entries.length);
    for (const { partition, batch } of entries) {
      writer.int32(partition).int32(batch.length);
      body.push(writer.toBuffer(), batch);
      writer = new WireWriter(128);
    }
  }
  if (writer.length > 0) body.push(writer.toBuffer());
  return {
    apiKey: PRODUCE,
    apiName: 'Produce',
    apiVersion: 7,
    body,
    throttleTime: 'last',
    parse: readProduceAnswer,
  };
}

function readProduceAnswer(reader: WireReader): ProducedPartition[] {
  const produced: ProducedPartition[] = [];
  reader.array((topics) => {
    const topic = topics.string();
    topics.array((entries) => {
      produced.push({
        topic,
        partition: entries.int32(),
        errorCode: entries.int16(),
        baseOffset: entries.int64(),
      });
      entries.int64();
      entries.int64();
    });
  });
  return produced;
}
