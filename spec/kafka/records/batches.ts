import { createRequire } from 'node:module';
import { crc32c } from '@node-rs/crc32';
import fc from 'fast-check';
import type { Compression, MeasuredRecord, OutgoingRecord } from '../../../source/kafka/sink.ts';
import { assignOffsets, CRC_START } from '../../../source/kafka/records/batch-header.ts';
import {
  type DecodedRecordSet,
  type DecodeOptions,
  decodeRecordSet,
} from '../../../source/kafka/records/decode-record-set.ts';
import { measureRecord } from '../../../source/kafka/records/encode-record.ts';
import { listHeaders } from '../../../source/kafka/records/outgoing-headers.ts';
import {
  type BatchProducer,
  RecordBatchBuilder,
  stampBatch,
} from '../../../source/kafka/records/record-batch-builder.ts';
import type { ConsumerMessage, HeadersInit } from '../../../source/message.ts';

export const compressions: readonly Compression[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];

/** A record to send, its headers in any form that a message may have them in. */
export interface RecordInit extends Omit<OutgoingRecord, 'headers'> {
  readonly headers: HeadersInit | undefined;
}

/** As a batch takes it. */
export function measured({ key, value, headers, timestamp }: RecordInit): MeasuredRecord {
  return measureRecord({ key, value, headers: listHeaders(headers), timestamp });
}

/** A record to send with all fields at their plainest. */
export function record(fields: Partial<RecordInit> = {}): RecordInit {
  return { key: null, value: null, headers: undefined, timestamp: 1_700_000_000_000, ...fields };
}

/** Records whose values are these texts. */
export function records(...values: readonly string[]): RecordInit[] {
  return values.map((value) => record({ value: Buffer.from(value) }));
}

export interface BatchOptions {
  readonly compression?: Compression;
  readonly baseOffset?: number;
  readonly leaderEpoch?: number;
  readonly producer?: BatchProducer;
}

/** A batch as it is in a log. */
export function batchOf(content: readonly RecordInit[], options: BatchOptions = {}): Buffer {
  const builder = new RecordBatchBuilder({ compression: options.compression ?? 'none' });
  for (const one of content) builder.append(measured(one));
  const sealed = builder.seal();
  stampBatch(sealed, options.producer);
  assignOffsets(sealed.bytes, 0, options.baseOffset ?? 0, options.leaderEpoch ?? 0);
  return sealed.bytes;
}

/** A copy of the batch, changed, with a checksum that fits again. */
export function rewritten(batch: Buffer, change: (copy: Buffer) => void): Buffer {
  const copy = Buffer.from(batch);
  change(copy);
  copy.writeUInt32BE(crc32c(copy.subarray(CRC_START)), 17);
  return copy;
}

/** A batch of this header with other records in it: `records` are their encoded bytes. */
export function withRecords(batch: Buffer, count: number, encoded: Buffer): Buffer {
  return rewritten(Buffer.concat([batch.subarray(0, 61), encoded]), (copy) => {
    copy.writeInt32BE(copy.length - 12, 8);
    copy.writeInt32BE(count, 57);
  });
}

/** The control batch that ends a transaction. */
export function markerBatch(baseOffset: number, producerId: bigint, type: 'abort' | 'commit'): Buffer {
  const key = Buffer.from([0, 0, 0, type === 'abort' ? 0 : 1]);
  const batch = batchOf([record({ key, value: Buffer.alloc(6) })], {
    baseOffset,
    producer: { producerId, epoch: 0, baseSequence: -1, transactional: true },
  });
  return rewritten(batch, (copy) => copy.writeInt16BE(copy.readInt16BE(21) | 0x20, 21));
}

/** A decoded record set with its messages as an array. */
export type ReadRecordSet = Omit<DecodedRecordSet, 'messages'> & {
  readonly messages: readonly ConsumerMessage[];
};

/**
 * Decodes from offset 0 with limits that nothing reaches, unless other options are given. Checks
 * the sum of the records' bytes.
 */
export function decoded(recordSet: Buffer, options: Partial<DecodeOptions> = {}): ReadRecordSet {
  const result = decodeRecordSet(recordSet, {
    topic: 'orders',
    partition: 3,
    fromOffset: 0,
    aborted: undefined,
    maxInflatedBytes: 64 * 1024 * 1024,
    inflateBudget: 64 * 1024 * 1024,
    ...options,
  });
  const messages = result.messages.slice();
  const sum = messages.reduce((bytes, message) => bytes + message.bytes, 0);
  if (sum !== result.recordBytes)
    throw new Error(`Records of ${sum} bytes, reported were ${result.recordBytes}`);
  return { ...result, messages };
}

/** What a message holds, read field by field. */
export function plain(message: ConsumerMessage): Record<string, unknown> {
  return {
    offset: message.offset,
    timestamp: message.timestamp,
    key: message.key,
    value: message.value,
    headers: [...message.headers],
  };
}

export function offsetsOf(set: ReadRecordSet): number[] {
  return set.messages.map((message) => message.offset);
}

export function valuesOf(set: ReadRecordSet): (string | null)[] {
  return set.messages.map((message) => message.valueText);
}

export const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));

/**
 * Names that neither look like array indices nor like members of Object.prototype, which objects
 * order or treat apart.
 */
export const headerName = fc.string({ unit: 'binary', maxLength: 12 }).map((name) => `h${name}`);

/** Header pairs; names repeat often. */
export const headerPairs = fc.array(
  fc.tuple(fc.oneof(headerName, fc.constantFrom('h1', 'h2')), fc.option(bytes, { nil: null })),
  { maxLength: 5 },
);

export const anyRecord = fc.record({
  key: fc.option(bytes, { nil: null }),
  value: fc.option(bytes, { nil: null }),
  headers: headerPairs,
  timestamp: fc.oneof(
    fc.integer({ min: 1_700_000_000_000, max: 1_700_000_100_000 }),
    fc.constant(-1),
    fc.nat(2 ** 50),
  ),
});

export const anyRecords = fc.array(anyRecord, { minLength: 1, maxLength: 20 });

/** What kafkajs's own decoder makes of a batch. */
export interface KafkajsBatch {
  readonly firstOffset: string;
  readonly lastOffsetDelta: number;
  readonly producerId: string;
  readonly producerEpoch: number;
  readonly firstSequence: number;
  readonly inTransaction: boolean;
  readonly records: readonly {
    readonly offset: string;
    readonly timestamp: string;
    readonly key: Buffer | null;
    readonly value: Buffer | null;
    readonly headers: Readonly<Record<string, Buffer | null | readonly (Buffer | null)[]>>;
  }[];
}

/** A record as kafkajs's encoder takes it. */
export interface KafkajsRecord {
  readonly offsetDelta: number;
  readonly timestampDelta: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, Buffer | readonly Buffer[]>>;
}

/** Something that kafkajs encoded. */
interface KafkajsEncoder {
  readonly buffer: Buffer;
}

const require = createRequire(import.meta.url);
const KafkajsDecoder = require('kafkajs/src/protocol/decoder') as new (buffer: Buffer) => object;
const decodeBatch = require('kafkajs/src/protocol/recordBatch/v0/decoder') as (
  decoder: object,
) => Promise<KafkajsBatch>;
const encodeRecord = require('kafkajs/src/protocol/recordBatch/record/v0') as (
  one: KafkajsRecord,
) => KafkajsEncoder;
const { RecordBatch: encodeBatch } = require('kafkajs/src/protocol/recordBatch/v0') as {
  readonly RecordBatch: (options: object) => Promise<KafkajsEncoder>;
};

export function kafkajsDecoded(batch: Buffer): Promise<KafkajsBatch> {
  return decodeBatch(new KafkajsDecoder(batch));
}

export async function kafkajsEncoded(
  content: readonly KafkajsRecord[],
  options: { readonly compression: 0 | 1; readonly firstTimestamp: number; readonly maxTimestamp: number },
): Promise<Buffer> {
  const encoder = await encodeBatch({
    ...options,
    lastOffsetDelta: content.length - 1,
    records: content.map((one) => encodeRecord(one)),
  });
  return encoder.buffer;
}
