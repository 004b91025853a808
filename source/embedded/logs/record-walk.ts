import { VarintCursor } from '../../kafka/records/varint-cursor.ts';
import { ErrorCodes } from '../../kafka/wire/error-codes.ts';

/** Where records of one batch lie, inflated. */
export interface WalkedRecords {
  readonly bytes: Buffer;
  /** Position of the first record; the last one ends with the bytes. */
  readonly start: number;
  /** They were compressed: then a broker does not compare a record's length with its parts. */
  readonly wereCompressed: boolean;
}

/**
 * Goes over the records of one batch as a broker does before it appends it, which is more lenient
 * than what consumers do. Nothing is allocated per record.
 *
 * @see https://kafka.apache.org/documentation/#record
 */
export class RecordWalk {
  /** Of the record that was met last, as are the fields below. */
  offsetDelta = 0;
  timestampDelta = 0;
  hasKey = false;
  /** False for a tombstone. */
  hasValue = false;
  /** Where its key begins; without a key, any place. */
  keyAt = 0;
  keyEnd = 0;
  /** Where its fields begin: key, value and headers, which end at {@link at}. */
  fieldsAt = 0;
  readonly #cursor: VarintCursor;
  readonly #end: number;
  readonly #wereCompressed: boolean;

  constructor({ bytes, start, wereCompressed }: WalkedRecords) {
    this.#cursor = new VarintCursor(bytes, start);
    this.#end = bytes.length;
    this.#wereCompressed = wereCompressed;
  }

  /** Position of the next record. */
  get at(): number {
    return this.#cursor.at;
  }

  /** Goes past the next record. Returns the error code that a damaged one is refused with, else 0. */
  next(): number {
    const cursor = this.#cursor;
    const end = this.#end;
    const length = cursor.varint();
    const start = cursor.at;
    if (!this.#wereCompressed) {
      if (cursor.isLost) return ErrorCodes.UNKNOWN_SERVER_ERROR;
      if (length < 0 || start + length > end) return ErrorCodes.INVALID_RECORD;
    }
    // Attributes, of which no bit is used.
    cursor.at++;
    this.timestampDelta = cursor.varlong();
    this.offsetDelta = cursor.varint();
    this.fieldsAt = cursor.at;
    const keyBytes = cursor.varint();
    this.hasKey = keyBytes >= 0;
    this.keyAt = cursor.at;
    if (keyBytes > 0) cursor.at += keyBytes;
    this.keyEnd = cursor.at;
    const valueBytes = cursor.varint();
    this.hasValue = valueBytes >= 0;
    if (valueBytes > 0) cursor.at += valueBytes;
    const headers = cursor.varint();
    if (headers !== 0 && !this.#skipHeaders(headers)) return ErrorCodes.INVALID_RECORD;
    const fits = this.#wereCompressed ? cursor.at <= end : cursor.at === start + length;
    return fits ? ErrorCodes.NONE : ErrorCodes.INVALID_RECORD;
  }

  #skipHeaders(count: number): boolean {
    const cursor = this.#cursor;
    for (let left = count; left > 0; left--) {
      const nameBytes = cursor.varint();
      if (nameBytes < 0) return false;
      cursor.at += nameBytes;
      const valueBytes = cursor.varint();
      if (valueBytes > 0) cursor.at += valueBytes;
      if (cursor.at > this.#end) return false;
    }
    return count > 0;
  }
}
