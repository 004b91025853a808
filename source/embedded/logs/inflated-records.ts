import { codecOf } from '../../kafka/records/compression.ts';
import { isBeyondBound } from '../../kafka/records/inflate-bound.ts';
import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import { ConfigError, RecordError } from '../../kernel/errors.ts';

export const GZIP = 1;
export const ZSTD = 4;
const LAST_CODEC = 4;
/** No batch may inflate to more: a broker has no such limit. */
export const MAX_INFLATED_BYTES = 64 * 1024 * 1024;

/** Whether Kafka has a codec of this number. */
export function isCodec(bits: number): boolean {
  return bits <= LAST_CODEC;
}

/**
 * Inflates the records of a batch.
 *
 * @returns the records, an error code for damaged ones, or `'beyond'` where they are more than
 *   `maxBytes`
 */
export function inflateRecords(codec: number, records: Buffer, maxBytes: number): Buffer | number | 'beyond' {
  // A broker reads an empty stream of this codec as no records, and fails at the others.
  if (codec === ZSTD && records.length === 0) return ErrorCodes.INVALID_RECORD;
  try {
    return codecOf(codec).decompress(records, maxBytes);
  } catch (error) {
    if (isBeyondBound(error)) return 'beyond';
    // Damaged, or its package cannot be loaded here: a broker that fails to inflate says the same.
    if (error instanceof RecordError || error instanceof ConfigError) return ErrorCodes.UNKNOWN_SERVER_ERROR;
    throw error;
  }
}
