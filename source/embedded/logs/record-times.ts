import { gunzipSync } from 'node:zlib';
import {
  BATCH_HEADER_BYTES,
  CODEC_MASK,
  LOG_APPEND_TIME,
  attributesOf,
  baseOffsetOf,
  baseTimestampOf,
  maxTimestampOf,
  recordCountOf,
} from '../../kafka/records/batch-header.ts';

const NO_CODEC = 0;
const GZIP = 1;

/**
 * The first record of a batch, from offset `fromOffset` on, whose timestamp is not below
 * `timestamp`; undefined if there is none.
 *
 * Looks at single records where they are plain or gzip; for other codecs the first offset of the
 * batch is taken for all of it, so that a reader starts too early rather than too late.
 */
export function firstRecordSince(
  batch: Buffer,
  timestamp: number,
  fromOffset: number,
): { offset: number; timestamp: number } | undefined {
  const baseOffset = baseOffsetOf(batch, 0);
  const attributes = attributesOf(batch, 0);
  const codec = attributes & CODEC_MASK;
  if ((attributes & LOG_APPEND_TIME) !== 0 || (codec !== NO_CODEC && codec !== GZIP)) {
    return { offset: Math.max(baseOffset, fromOffset), timestamp: maxTimestampOf(batch, 0) };
  }
  const body = batch.subarray(BATCH_HEADER_BYTES);
  const records = codec === GZIP ? gunzipSync(body) : body;
  const baseTimestamp = baseTimestampOf(batch, 0);
  const cursor = { at: 0 };
  for (let left = recordCountOf(batch, 0); left > 0; left--) {
    const length = varint(records, cursor);
    const end = cursor.at + length;
    cursor.at += 1;
    const recordTime = baseTimestamp + varint(records, cursor);
    const offset = baseOffset + varint(records, cursor);
    if (recordTime >= timestamp && offset >= fromOffset) return { offset, timestamp: recordTime };
    cursor.at = end;
  }
  return undefined;
}

/** A zigzag varint of up to 53 significant bits, without a BigInt. */
function varint(bytes: Buffer, cursor: { at: number }): number {
  let value = 0;
  let scale = 1;
  for (;;) {
    const byte = bytes.readUInt8(cursor.at++);
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) break;
    scale *= 128;
  }
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}
