import type { OutgoingRecord } from '../sink.ts';
import { BATCH_HEADER_BYTES } from './batch-header.ts';
import {
  fieldBytes,
  type OutgoingHeaders,
  outgoingHeaders,
  writeField,
  writeHeaders,
} from './outgoing-headers.ts';
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

/** Bytes of a record without its own length, which comes before it. */
export function recordBodyBytes(
  record: OutgoingRecord,
  headers: OutgoingHeaders,
  timestampDelta: number,
  offsetDelta: number,
): number {
  return (
    ATTRIBUTES_BYTES +
    varlongBytes(timestampDelta) +
    varintBytes(offsetDelta) +
    fieldBytes(record.key) +
    fieldBytes(record.value) +
    headers.bytes
  );
}

/** Writes a record with its length before it and returns the position after it. */
export function writeRecord(
  buffer: Buffer,
  record: OutgoingRecord,
  headers: OutgoingHeaders,
  timestampDelta: number,
  offsetDelta: number,
  bodyBytes: number,
  start: number,
): number {
  let at = writeVarint(buffer, bodyBytes, start);
  buffer[at++] = 0;
  at = writeVarlong(buffer, timestampDelta, at);
  at = writeVarint(buffer, offsetDelta, at);
  at = writeField(buffer, record.key, at);
  at = writeField(buffer, record.value, at);
  return writeHeaders(buffer, headers, at);
}

/**
 * Bytes of a batch, uncompressed, that holds nothing but this record: never fewer than it will have, and at most 17 more, since the
 * record's place in a batch is not known yet.
 *
 * @throws ConfigError that names a header with a wrong value
 */
export function encodedRecordBytes(record: OutgoingRecord): number {
  return (
    BATCH_HEADER_BYTES +
    MAX_VARINT_BYTES +
    ATTRIBUTES_BYTES +
    MAX_VARLONG_BYTES +
    MAX_VARINT_BYTES +
    fieldBytes(record.key) +
    fieldBytes(record.value) +
    outgoingHeaders(record.headers).bytes
  );
}
