import {
  ATTRIBUTES_AT,
  LOG_APPEND_TIME,
  MAX_TIMESTAMP_AT,
  attributesOf,
  maxTimestampOf,
  writeChecksum,
} from '../../kafka/records/batch-header.ts';

/**
 * Corrects what the header of a batch says of its records' times, in place, as a broker does: its
 * largest timestamp, and that they are the producer's.
 *
 * @param maxTimestamp of the records
 */
export function correctTimes(batch: Buffer, maxTimestamp: number): void {
  const attributes = attributesOf(batch, 0);
  const isStamped = (attributes & LOG_APPEND_TIME) !== 0;
  // Beyond 2^53 they are rounded, and cannot be compared.
  const isRight = maxTimestampOf(batch, 0) === maxTimestamp || !Number.isSafeInteger(maxTimestamp);
  if (isRight && !isStamped) return;
  if (isStamped) batch.writeInt16BE(attributes & ~LOG_APPEND_TIME, ATTRIBUTES_AT);
  if (!isRight) batch.writeBigInt64BE(BigInt(maxTimestamp), MAX_TIMESTAMP_AT);
  writeChecksum(batch);
}

/** Gives all records of a batch the time at which they are appended, in place, as a broker does. */
export function stampAppendTime(batch: Buffer, appendTime: number): void {
  batch.writeInt16BE(attributesOf(batch, 0) | LOG_APPEND_TIME, ATTRIBUTES_AT);
  batch.writeBigInt64BE(BigInt(appendTime), MAX_TIMESTAMP_AT);
  writeChecksum(batch);
}
