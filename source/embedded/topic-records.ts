import { partitioners } from '../kafka/partitioner.ts';
import { decodeRecordSet } from '../kafka/records/decode-record-set.ts';
import { measureRecord } from '../kafka/records/encode-record.ts';
import { listHeaders } from '../kafka/records/outgoing-headers.ts';
import { RecordBatchBuilder, stampBatch } from '../kafka/records/record-batch-builder.ts';
import type { OutgoingRecord } from '../kafka/sink.ts';
import { isObject } from '../kernel/is-object.ts';
import { show } from '../kernel/shown-value.ts';
import { unknownName } from '../kernel/unknown-name.ts';
import type { ConsumerMessage, ProducerMessage } from '../message.ts';
import { clusterError } from './cluster-error.ts';
import type { Partition } from './logs/partition.ts';
import type { Topic } from './logs/topics.ts';

/** A record to write to a topic of an embedded cluster. Text is written as UTF-8. */
export type EmbeddedRecord = Omit<ProducerMessage, 'topic'>;

/** Where a record was written. */
export interface WrittenRecord {
  readonly partition: number;
  readonly offset: number;
}

/**
 * Appends records, one batch for each partition; all are checked before the first is written.
 *
 * @throws ConfigError for what is no record
 */
export function produceRecords(
  topic: Topic,
  records: readonly EmbeddedRecord[],
  now: number,
): WrittenRecord[] {
  if (!isList(records)) throw clusterError([`records must be an array, not ${show(records)}`]);
  const batches = new Map<number, RecordBatchBuilder>();
  const places = records.map((record, at) => {
    const checked = outgoing(record, now);
    const partition = partitionOf(topic, record, at);
    let batch = batches.get(partition);
    if (batch === undefined) {
      batch = new RecordBatchBuilder({ compression: 'none' });
      batches.set(partition, batch);
    }
    batch.append(measureRecord(checked));
    return { partition, at: batch.count - 1 };
  });
  const first = new Map<number, number>();
  for (const [partition, batch] of batches) {
    const sealed = batch.seal();
    stampBatch(sealed, undefined);
    first.set(partition, topic.partitions[partition]?.append(sealed.bytes) ?? 0);
  }
  return places.map(({ partition, at }) => ({ partition, offset: (first.get(partition) ?? 0) + at }));
}

/** The records of a partition that is there now, in its order; also of transactions that are open or aborted. */
export function recordsOf({ topic, index, log }: Partition): ConsumerMessage[] {
  const { messages } = decodeRecordSet(Buffer.concat(log.batches()), {
    topic,
    partition: index,
    fromOffset: log.startOffset,
    aborted: undefined,
    maxInflatedBytes: Infinity,
    inflateBudget: Infinity,
  });
  return messages.slice(0, messages.length);
}

const fields = [
  'key',
  'value',
  'headers',
  'partition',
  'timestamp',
] satisfies readonly (keyof EmbeddedRecord)[];

/** @throws ConfigError */
function outgoing(record: EmbeddedRecord, now: number): OutgoingRecord {
  if (!isObject(record)) throw clusterError([`a record must be an object, not ${show(record)}`]);
  const unknown = Object.keys(record).find((field) => !fields.some((known) => known === field));
  if (unknown !== undefined) throw clusterError([unknownName('field of a record', unknown, fields)]);
  const { key = null, value, headers, timestamp = now } = record;
  if (!isBytes(key))
    throw clusterError([`the key of a record must be a Buffer, text or null, not ${show(key)}`]);
  if (!isBytes(value))
    throw clusterError([`the value of a record must be a Buffer, text or null, not ${show(value)}`]);
  return { key: bytesOf(key), value: bytesOf(value), headers: listHeaders(headers), timestamp };
}

/** @throws ConfigError */
function partitionOf({ name, partitions }: Topic, record: EmbeddedRecord, at: number): number {
  const { partition, key } = record;
  if (partition === undefined) {
    if (key === undefined || key === null) return at % partitions.length;
    return partitioners.murmur2(Buffer.from(key), partitions.length);
  }
  if (Number.isInteger(partition) && partition >= 0 && partition < partitions.length) return partition;
  throw clusterError([
    `topic '${name}' has partitions 0 to ${partitions.length - 1}, not ${show(partition)}`,
  ]);
}

function isList(value: unknown): boolean {
  return Array.isArray(value);
}

function isBytes(value: unknown): boolean {
  return value === null || typeof value === 'string' || value instanceof Uint8Array;
}

function bytesOf(value: Uint8Array | string | null): Uint8Array | null {
  return typeof value === 'string' ? Buffer.from(value) : value;
}
