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
import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import { RecordWalk } from './record-walk.ts';
import type { WalkedRecords } from './record-walk.ts';

/** Which record of a batch is searched. */
export interface TimeQuery {
  /** It is at this time or later, in milliseconds since 1970. */
  readonly timestamp: number;
  /** It has this offset or a later one. */
  readonly fromOffset: number;
}

/** What a search has come to. */
export interface TimeAnswer {
  /** The error code of a batch that is damaged, 0 for a good one. */
  readonly code: number;
  /** -1, and so is its timestamp: there is none. */
  readonly offset: number;
  readonly timestamp: number;
}

/** Goes through the records of one batch for the first one since a time; through a long batch in parts. */
export class TimeSearch {
  readonly #walk: RecordWalk;
  readonly #query: TimeQuery;
  readonly #baseOffset: number;
  readonly #baseTimestamp: number;
  /** The broker's time for all records; undefined where each has its own. */
  readonly #appendTime: number | undefined;
  #left: number;

  /** @param batch of which the header is read */
  constructor(batch: Buffer, records: WalkedRecords, query: TimeQuery) {
    const hasAppendTime = (attributesOf(batch, 0) & LOG_APPEND_TIME) !== 0;
    this.#walk = new RecordWalk(records);
    this.#query = query;
    this.#baseOffset = baseOffsetOf(batch, 0);
    this.#baseTimestamp = baseTimestampOf(batch, 0);
    this.#appendTime = hasAppendTime ? maxTimestampOf(batch, 0) : undefined;
    this.#left = recordCountOf(batch, 0);
  }

  /** Goes on until a record ends after `position`. Undefined while records are left. */
  advance(position: number): TimeAnswer | undefined {
    const walk = this.#walk;
    const { timestamp, fromOffset } = this.#query;
    for (; this.#left > 0; this.#left--) {
      if (walk.at > position) return undefined;
      const code = walk.next();
      if (code !== ErrorCodes.NONE) return failedSearch(code);
      const offset = this.#baseOffset + walk.offsetDelta;
      const recordTime = this.#appendTime ?? this.#baseTimestamp + walk.timestampDelta;
      if (recordTime >= timestamp && offset >= fromOffset) return { code, offset, timestamp: recordTime };
    }
    return failedSearch(ErrorCodes.NONE);
  }
}

export function failedSearch(code: number): TimeAnswer {
  return { code, offset: -1, timestamp: -1 };
}

/** The records of a batch that is not compressed. */
export function plainRecords(batch: Buffer): WalkedRecords {
  return { bytes: batch, start: BATCH_HEADER_BYTES, wereCompressed: false };
}

/** Number of the codec of a batch, 0 for none. */
export function codecBitsOf(batch: Buffer): number {
  return attributesOf(batch, 0) & CODEC_MASK;
}
