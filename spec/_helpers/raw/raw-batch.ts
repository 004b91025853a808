import { crc32c } from '@node-rs/crc32';
import { CRC_START } from '../../../source/kafka/records/batch-header.ts';
import { WireWriter } from '../../../source/kafka/wire/wire-writer.ts';

/** What a batch of a spec is made of; the rest is as a producer without idempotence writes it. */
export interface BatchParts {
  readonly count?: number;
  /** Bytes of each value. */
  readonly valueBytes?: number;
  readonly producerId?: bigint;
  readonly epoch?: number;
  readonly sequence?: number;
  readonly baseOffset?: number;
  readonly lastOffsetDelta?: number;
  readonly leaderEpoch?: number;
  readonly attributes?: number;
  /** Timestamp of the first record; each later one is a millisecond younger. */
  readonly timestamp?: number;
  /** Of the header. Default: of the last record. */
  readonly maxTimestamp?: number;
  /** What stands after the header, in place of records that are right. */
  readonly body?: Buffer;
}

/** What a record of a spec is made of; the rest is as {@link rawBatch} writes it. */
export interface RecordParts {
  readonly offsetDelta?: number;
  readonly timestampDelta?: number;
  /** Lengths that are written, whatever the bytes are. */
  readonly keyLength?: number;
  readonly valueLength?: number;
  readonly headerCount?: number;
  readonly key?: Buffer;
  readonly value?: Buffer;
  /** What stands after the count of headers. */
  readonly after?: Buffer;
  /** The length of the record that is written. Default: the right one. */
  readonly length?: number;
}

/** One record as a batch holds it, right or wrong. */
export function rawRecord(parts: RecordParts = {}): Buffer {
  const { key, value = Buffer.from('v'), after = Buffer.alloc(0) } = parts;
  const record = new WireWriter();
  record.int8(0);
  varint(record, parts.timestampDelta ?? 0);
  varint(record, parts.offsetDelta ?? 0);
  varint(record, parts.keyLength ?? key?.length ?? -1);
  record.raw(key ?? Buffer.alloc(0));
  varint(record, parts.valueLength ?? value.length);
  record.raw(value);
  varint(record, parts.headerCount ?? 0);
  record.raw(after);
  const whole = new WireWriter();
  varint(whole, parts.length ?? record.length);
  whole.raw(record.toBuffer());
  return Buffer.from(whole.toBuffer());
}

/** The records of a batch: values are `v0`, `v1` and so on, filled up with dots. */
export function rawRecords(count: number, valueBytes = 0): Buffer {
  const records = new WireWriter();
  for (let i = 0; i < count; i++) {
    const value = Buffer.from(`v${i}`.padEnd(valueBytes, '.'));
    records.raw(rawRecord({ timestampDelta: i, offsetDelta: i, value }));
  }
  return Buffer.from(records.toBuffer());
}

/** A whole record batch, with a right CRC. */
export function rawBatch(parts: BatchParts = {}): Buffer {
  const { count = 1, timestamp = 1_700_000_000_000 } = parts;
  const records = parts.body ?? rawRecords(count, parts.valueBytes);
  const batch = new WireWriter();
  batch.int64(parts.baseOffset ?? 0).int32(49 + records.length);
  batch
    .int32(parts.leaderEpoch ?? -1)
    .int8(2)
    .uint32(0);
  batch.int16(parts.attributes ?? 0).int32(parts.lastOffsetDelta ?? count - 1);
  batch.int64(timestamp).int64(parts.maxTimestamp ?? timestamp + count - 1);
  batch
    .bigInt64(parts.producerId ?? -1n)
    .int16(parts.epoch ?? -1)
    .int32(parts.sequence ?? -1);
  batch.int32(count).raw(records);
  const bytes = Buffer.from(batch.toBuffer());
  bytes.writeUInt32BE(crc32c(bytes.subarray(CRC_START)), 17);
  return bytes;
}

function varint(writer: WireWriter, value: number): void {
  writer.uvarint(value >= 0 ? value * 2 : -value * 2 - 1);
}
