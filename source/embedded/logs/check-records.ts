import { setImmediate as nextTurn } from 'node:timers/promises';
import { BATCH_HEADER_BYTES, CODEC_MASK, attributesOf } from '../../kafka/records/batch-header.ts';
import { prepareCompression } from '../../kafka/records/compression.ts';
import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import { checkThread } from './check-thread.ts';
import { GZIP, ZSTD, inflateRecords } from './inflated-records.ts';
import { RecordCheck } from './record-check.ts';
import type { RecordRules, RecordVerdict } from './record-check.ts';

/** What is more is inflated and checked without holding up the event loop. */
const MAX_BYTES_AT_ONCE = 1024 * 1024;

/**
 * Checks the records of a batch whose header is right.
 *
 * @returns a promise for zstd, and for more than 1 MiB of records
 */
export function checkRecords(batch: Buffer, rules: RecordRules): RecordVerdict | Promise<RecordVerdict> {
  const codec = attributesOf(batch, 0) & CODEC_MASK;
  if (codec === 0) return checkPlain(batch, rules);
  const records = batch.subarray(BATCH_HEADER_BYTES);
  if (isLong(codec, records)) return checkThread.check(codec, records, rules);
  return codec === ZSTD
    ? prepareCompression().then(() => checkCompressed(codec, records, rules))
    : checkCompressed(codec, records, rules);
}

function checkPlain(batch: Buffer, rules: RecordRules): RecordVerdict | Promise<RecordVerdict> {
  const records = { bytes: batch, start: BATCH_HEADER_BYTES, wereCompressed: false };
  const check = new RecordCheck(records, rules);
  return check.advance(MAX_BYTES_AT_ONCE) ?? checkRest(check);
}

async function checkRest(check: RecordCheck): Promise<RecordVerdict> {
  for (let position = 2 * MAX_BYTES_AT_ONCE; ; position += MAX_BYTES_AT_ONCE) {
    await nextTurn();
    const verdict = check.advance(position);
    if (verdict !== undefined) return verdict;
  }
}

function checkCompressed(
  codec: number,
  records: Buffer,
  rules: RecordRules,
): RecordVerdict | Promise<RecordVerdict> {
  const inflated = inflateRecords(codec, records, MAX_BYTES_AT_ONCE);
  if (inflated === 'beyond') return checkThread.check(codec, records, rules);
  if (typeof inflated === 'number') return { code: inflated, maxTimestamp: -1 };
  const check = new RecordCheck({ bytes: inflated, start: 0, wereCompressed: true }, rules);
  return check.advance(Infinity) ?? { code: ErrorCodes.INVALID_RECORD, maxTimestamp: -1 };
}

/** A gzip stream ends with its size, which saves inflating the first part of it in vain. */
function isLong(codec: number, records: Buffer): boolean {
  if (records.length > MAX_BYTES_AT_ONCE) return true;
  if (codec !== GZIP || records.length < 4) return false;
  return records.readUInt32LE(records.length - 4) > MAX_BYTES_AT_ONCE;
}
