import type { EncodedRecord, MeasuredRecord, OutgoingRecord } from '../sink.ts';
import { BATCH_HEADER_BYTES } from './batch-header.ts';
import { fieldBytes, headersBytes, writeField, writeHeaders } from './outgoing-headers.ts';
import {
  MAX_VARINT_BYTES,
  MAX_VARLONG_BYTES,
  varintBytes,
  varlongBytes,
  writeVarint,
  writeVarlong,
} from './varint.ts';

/** The attributes of a record: a byte that Kafka does not use. */
const ATTRIBUTES_BYTES = 1;
/**
 * What a batch takes beside key, value and headers of its only record, at most: that depends on its
 * place.
 */
const MOST_PLACE_BYTES =
  BATCH_HEADER_BYTES + MAX_VARINT_BYTES + ATTRIBUTES_BYTES + MAX_VARLONG_BYTES + MAX_VARINT_BYTES;

/**
 * Measures a record: the one time that its fields are gone through before they are written. Its
 * `bytes` are at most 17 more than those of a batch that holds nothing else.
 *
 * @throws ConfigError that names a header with a wrong value
 */
export function measureRecord(record: OutgoingRecord): MeasuredRecord {
  const { key, value, headers } = record;
  record.bytes = MOST_PLACE_BYTES + fieldBytes(key) + fieldBytes(value) + headersBytes(headers);
  return record as MeasuredRecord;
}

/** As {@link measureRecord}, of a record whose fields are encoded already. */
export function measureEncoded(record: EncodedRecord): void {
  record.bytes = MOST_PLACE_BYTES + record.end - record.start;
}

/** Bytes of a measured record without its own length, which comes before it. */
export function recordBodyBytes(bytes: number, timestampDelta: number, offsetDelta: number): number {
  const fields = bytes - MOST_PLACE_BYTES;
  return ATTRIBUTES_BYTES + varlongBytes(timestampDelta) + varintBytes(offsetDelta) + fields;
}

/** Writes what comes before the fields of a record and returns the position after it. */
export function writeRecordPlace(
  buffer: Buffer,
  timestampDelta: number,
  offsetDelta: number,
  bodyBytes: number,
  start: number,
): number {
  let at = writeVarint(buffer, bodyBytes, start);
  buffer[at++] = 0;
  at = writeVarlong(buffer, timestampDelta, at);
  return writeVarint(buffer, offsetDelta, at);
}

/** Writes key, value and headers and returns the position after them. */
export function writeFields(buffer: Buffer, record: MeasuredRecord, start: number): number {
  let at = writeField(buffer, record.key, start);
  at = writeField(buffer, record.value, at);
  return writeHeaders(buffer, record.headers, at);
}
