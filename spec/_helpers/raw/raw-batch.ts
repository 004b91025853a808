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
}

/** A whole record batch, with a right CRC. Values are `v0`, `v1` and so on, filled up with dots. */
export function rawBatch(parts: BatchParts = {}): Buffer {
  const { count = 1, valueBytes = 0, timestamp = 1_700_000_000_000 } = parts;
  const records = new WireWriter();
  for (let i = 0; i < count; i++) {
    const value = Buffer.from(`v${i}`.padEnd(valueBytes, '.'));
    const record = new WireWriter();
    record.int8(0);
    varint(record, i);
    varint(record, i);
    varint(record, -1);
    varint(record, value.length);
    record.raw(value);
    varint(record, 0);
    varint(records, record.length);
    records.raw(record.toBuffer());
  }
  const batch = new WireWriter();
  batch.int64(parts.baseOffset ?? 0).int32(49 + records.length);
  batch
    .int32(parts.leaderEpoch ?? -1)
    .int8(2)
    .uint32(0);
  batch.int16(parts.attributes ?? 0).int32(parts.lastOffsetDelta ?? count - 1);
  batch.int64(timestamp).int64(timestamp + count - 1);
  batch
    .bigInt64(parts.producerId ?? -1n)
    .int16(parts.epoch ?? -1)
    .int32(parts.sequence ?? -1);
  batch.int32(count).raw(records.toBuffer());
  const bytes = Buffer.from(batch.toBuffer());
  bytes.writeUInt32BE(crc32c(bytes.subarray(CRC_START)), 17);
  return bytes;
}

function varint(writer: WireWriter, value: number): void {
  writer.uvarint(value >= 0 ? value * 2 : -value * 2 - 1);
}
