import { crc32c } from '@node-rs/crc32';
import { readInt64 } from '../wire/wire-reader.ts';
import { writeInt64 } from '../wire/wire-writer.ts';

/**
 * The fixed part of a record batch (magic 2), 61 bytes:
 *
 * | at | size | field |
 * | --- | --- | --- |
 * | 0 | 8 | base offset: 0 from a producer, set by the broker |
 * | 8 | 4 | length of all that follows this field |
 * | 12 | 4 | partition leader epoch: set by the broker |
 * | 16 | 1 | magic: 2 |
 * | 17 | 4 | CRC-32C of all from attributes to the end |
 * | 21 | 2 | attributes: bits 0-2 codec, 3 log append time, 4 transactional, 5 control, 6 delete horizon |
 * | 23 | 4 | last offset delta: decides the next offset, also where compaction removed records |
 * | 27 | 8 | base timestamp: with a delete horizon, when compaction may remove tombstones and markers |
 * | 35 | 8 | max timestamp |
 * | 43 | 8 | producer id, -1 for none |
 * | 51 | 2 | producer epoch |
 * | 53 | 4 | base sequence |
 * | 57 | 4 | count of records |
 *
 * @see https://kafka.apache.org/documentation/#recordbatch
 */
export const BATCH_HEADER_BYTES = 61;
/** Base offset and length, which the length field does not count. */
export const BATCH_LENGTH_OVERHEAD = 12;
const CRC_AT = 17;
export const ATTRIBUTES_AT = 21;
export const LAST_OFFSET_DELTA_AT = 23;
export const BASE_TIMESTAMP_AT = 27;
export const MAX_TIMESTAMP_AT = 35;
export const COUNT_AT = 57;
/** What the CRC covers starts here. */
export const CRC_START = 21;

/** Sets base offset and leader epoch as a broker does on append; the CRC does not cover them. */
export function assignOffsets(batch: Buffer, at: number, baseOffset: number, leaderEpoch: number): void {
  writeInt64(batch, baseOffset, at);
  batch.writeInt32BE(leaderEpoch, at + 12);
}

/** Sets the checksum of a batch that is alone in its buffer: after anything behind it was changed. */
export function writeChecksum(batch: Buffer): void {
  batch.writeUInt32BE(crc32c(batch.subarray(CRC_START)), CRC_AT);
}

/** Bytes of the whole batch at `at`, header included. */
export function batchBytes(buffer: Buffer, at: number): number {
  return BATCH_LENGTH_OVERHEAD + buffer.readInt32BE(at + 8);
}

export function baseOffsetOf(buffer: Buffer, at: number): number {
  return readInt64(buffer, at);
}

export function leaderEpochOf(buffer: Buffer, at: number): number {
  return buffer.readInt32BE(at + 12);
}

export function magicOf(buffer: Buffer, at: number): number {
  return buffer.readInt8(at + 16);
}

export function crcOf(buffer: Buffer, at: number): number {
  return buffer.readUInt32BE(at + CRC_AT);
}

export function attributesOf(buffer: Buffer, at: number): number {
  return buffer.readInt16BE(at + ATTRIBUTES_AT);
}

export function lastOffsetDeltaOf(buffer: Buffer, at: number): number {
  return buffer.readInt32BE(at + LAST_OFFSET_DELTA_AT);
}

/**
 * Rounded beyond 2^53: producers that write nanoseconds exist, and their records must not stop a
 * reader.
 */
export function baseTimestampOf(buffer: Buffer, at: number): number {
  return Number(buffer.readBigInt64BE(at + BASE_TIMESTAMP_AT));
}

/** Rounded beyond 2^53, as {@link baseTimestampOf}. */
export function maxTimestampOf(buffer: Buffer, at: number): number {
  return Number(buffer.readBigInt64BE(at + MAX_TIMESTAMP_AT));
}

export function producerIdOf(buffer: Buffer, at: number): bigint {
  return buffer.readBigInt64BE(at + 43);
}

export function producerEpochOf(buffer: Buffer, at: number): number {
  return buffer.readInt16BE(at + 51);
}

export function baseSequenceOf(buffer: Buffer, at: number): number {
  return buffer.readInt32BE(at + 53);
}

export function recordCountOf(buffer: Buffer, at: number): number {
  return buffer.readInt32BE(at + COUNT_AT);
}

export const CODEC_MASK = 0x07;
export const LOG_APPEND_TIME = 0x08;
export const TRANSACTIONAL = 0x10;
export const CONTROL = 0x20;
/** Compaction has set it, with the base timestamp: only brokers make something of it. */
export const DELETE_HORIZON = 0x40;
