import { crc32c } from '@node-rs/crc32';
import {
  BATCH_HEADER_BYTES,
  CODEC_MASK,
  CONTROL,
  CRC_START,
  attributesOf,
  baseSequenceOf,
  batchBytes,
  crcOf,
  lastOffsetDeltaOf,
  magicOf,
  producerIdOf,
  recordCountOf,
} from '../../kafka/records/batch-header.ts';
import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import { ZSTD, isCodec } from './inflated-records.ts';

const FIRST_VERSION_WITH_ZSTD = 7;
/** Of record batches; older ones are of message sets. */
const MAGIC = 2;

/**
 * What a broker checks of what a producer sent before it looks for the partition. Returns an error code,
 * 0 for one whole batch of a format that is taken.
 *
 * @param produceVersion version of the Produce request: zstd is allowed from 7 on
 */
export function checkFormat(records: Buffer | null, produceVersion: number): number {
  if (records === null || records.length < BATCH_HEADER_BYTES) return ErrorCodes.INVALID_RECORD;
  const magic = magicOf(records, 0);
  if (magic < 0 || magic > MAGIC) return ErrorCodes.CORRUPT_MESSAGE;
  if (magic < MAGIC || batchBytes(records, 0) < records.length) return ErrorCodes.INVALID_RECORD;
  const isZstd = (attributesOf(records, 0) & CODEC_MASK) === ZSTD;
  return isZstd && produceVersion < FIRST_VERSION_WITH_ZSTD
    ? ErrorCodes.UNSUPPORTED_COMPRESSION_TYPE
    : ErrorCodes.NONE;
}

/**
 * What a broker checks of the header before it looks at the records, in a broker's order. Returns an
 * error code, 0 for a good batch.
 *
 * @param maxBytes the topic's `max.message.bytes`
 */
export function checkBatch(records: Buffer, maxBytes: number): number {
  const attributes = attributesOf(records, 0);
  if (records.readBigInt64BE(0) !== 0n) return ErrorCodes.INVALID_RECORD;
  if (records.length > maxBytes) return ErrorCodes.MESSAGE_TOO_LARGE;
  if (batchBytes(records, 0) > records.length || crc32c(records.subarray(CRC_START)) !== crcOf(records, 0)) {
    return ErrorCodes.CORRUPT_MESSAGE;
  }
  if (!isCodec(attributes & CODEC_MASK)) return ErrorCodes.UNKNOWN_SERVER_ERROR;
  const count = recordCountOf(records, 0);
  if (count <= 0 || count !== lastOffsetDeltaOf(records, 0) + 1) return ErrorCodes.INVALID_RECORD;
  if ((attributes & CONTROL) !== 0) return ErrorCodes.INVALID_RECORD;
  if (producerIdOf(records, 0) >= 0n && baseSequenceOf(records, 0) < 0) return ErrorCodes.INVALID_RECORD;
  return ErrorCodes.NONE;
}
