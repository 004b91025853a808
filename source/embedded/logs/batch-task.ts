import { BATCH_HEADER_BYTES } from '../../kafka/records/batch-header.ts';
import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import { ConfigError } from '../../kernel/errors.ts';
import { inflateRecords } from './inflated-records.ts';
import { RecordCheck, refusedRecords } from './record-check.ts';
import type { RecordRules, RecordVerdict } from './record-check.ts';
import type { WalkedRecords } from './record-walk.ts';
import { rewriteBatch } from './rewrite-batch.ts';
import { TimeSearch, codecBitsOf, failedSearch, plainRecords } from './time-search.ts';
import type { TimeAnswer, TimeQuery } from './time-search.ts';

/**
 * What is done with the records of one batch: here if they are few, else by the thread for it.
 *
 * @returns `'beyond'` where they inflate to more than `maxBytes`
 */
export interface BatchTask<A> {
  readonly kind: 'check' | 'search';
  run(batch: Buffer, maxBytes: number): A | 'beyond';
}

/** Checks what a producer sent, and writes it anew where its topic wants another codec. */
export class CheckTask implements BatchTask<RecordVerdict> {
  readonly kind = 'check';
  readonly rules: RecordRules;

  constructor(rules: RecordRules) {
    this.rules = rules;
  }

  run(batch: Buffer, maxBytes: number): RecordVerdict | 'beyond' {
    const records = recordsOf(batch, maxBytes);
    if (records === 'beyond') return records;
    if (typeof records === 'number') return refusedRecords(records);
    const { codec } = this.rules;
    const verdict = new RecordCheck(records, this.rules).advance(Infinity);
    if (verdict === undefined) return refusedRecords(ErrorCodes.INVALID_RECORD);
    if (codec === undefined || verdict.code !== ErrorCodes.NONE) return verdict;
    try {
      return { ...verdict, rewritten: rewriteBatch(batch, records, { codec, isRenumbered: true }) };
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return refusedRecords(ErrorCodes.UNSUPPORTED_COMPRESSION_TYPE);
    }
  }
}

/** Looks for the first record since a time. */
export class SearchTask implements BatchTask<TimeAnswer> {
  readonly kind = 'search';
  readonly query: TimeQuery;

  constructor(query: TimeQuery) {
    this.query = query;
  }

  run(batch: Buffer, maxBytes: number): TimeAnswer | 'beyond' {
    const records = recordsOf(batch, maxBytes);
    if (records === 'beyond') return records;
    if (typeof records === 'number') return failedSearch(records);
    return new TimeSearch(batch, records, this.query).advance(Infinity) ?? failedSearch(ErrorCodes.NONE);
  }
}

/** The records, the error code of damaged ones, or `'beyond'`. */
function recordsOf(batch: Buffer, maxBytes: number): WalkedRecords | number | 'beyond' {
  const codec = codecBitsOf(batch);
  if (codec === 0) return batch.length > maxBytes ? 'beyond' : plainRecords(batch);
  const inflated = inflateRecords(codec, batch.subarray(BATCH_HEADER_BYTES), maxBytes);
  if (typeof inflated === 'number' || inflated === 'beyond') return inflated;
  return { bytes: inflated, start: 0, wereCompressed: true };
}
