import { RecordError } from '../../kernel/errors.ts';

/** Brokers refuse longer ones also where the form of the length would allow them. */
const LONGEST_STRING = 0x7fff;

/**
 * Reads the primitive types of Kafka's protocol from a buffer, in order.
 *
 * @see https://kafka.apache.org/protocol#protocol_types
 */
export class WireReader {
  readonly buffer: Buffer;
  /** Where the next read starts. */
  offset: number;
  /** How many items all arrays and tagged fields together may still have; more is a RecordError. */
  itemsLeft = Infinity;

  constructor(buffer: Buffer, offset = 0) {
    this.buffer = buffer;
    this.offset = offset;
  }

  get remaining(): number {
    return this.buffer.length - this.offset;
  }

  int8(): number {
    return this.buffer.readInt8(this.#advance(1));
  }

  int16(): number {
    return this.buffer.readInt16BE(this.#advance(2));
  }

  int32(): number {
    return this.buffer.readInt32BE(this.#advance(4));
  }

  uint32(): number {
    return this.buffer.readUInt32BE(this.#advance(4));
  }

  /**
   * A 64-bit number as a double; beyond 2^53 - 1 a RecordError, since it would no longer be exact.
   */
  int64(): number {
    return readInt64(this.buffer, this.#advance(8));
  }

  /** A 64-bit number where all 64 bits matter (producer ids). */
  bigInt64(): bigint {
    return this.buffer.readBigInt64BE(this.#advance(8));
  }

  boolean(): boolean {
    return this.int8() !== 0;
  }

  /** 16 bytes as lower-case hex without dashes. */
  uuid(): string {
    return this.view(16).toString('hex');
  }

  /** An unsigned varint (also the length of compact types, plus one). */
  uvarint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.buffer.readUInt8(this.#advance(1));
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new RecordError(`Varint of more than 5 bytes at byte ${this.offset} of a Kafka message`);
  }

  string(): string {
    const text = this.nullableString();
    if (text === null)
      throw new RecordError(`Null where a string must stand at byte ${this.offset} of a Kafka message`);
    return text;
  }

  nullableString(): string | null {
    const length = this.int16();
    return length < 0 ? null : this.#text(length);
  }

  compactString(): string {
    const text = this.compactNullableString();
    if (text === null)
      throw new RecordError(`Null where a string must stand at byte ${this.offset} of a Kafka message`);
    return text;
  }

  compactNullableString(): string | null {
    const length = this.uvarint() - 1;
    if (length > LONGEST_STRING) {
      throw new RecordError(
        `A string of ${length} bytes at byte ${this.offset} of a Kafka message is too long`,
      );
    }
    return length < 0 ? null : this.#text(length);
  }

  /** A view of the bytes, not a copy; null for length -1. */
  bytes(): Buffer | null {
    const length = this.int32();
    return length < 0 ? null : this.view(length);
  }

  /** The next `length` bytes as a view. */
  view(length: number): Buffer {
    const start = this.#advance(length);
    return this.buffer.subarray(start, start + length);
  }

  /** An array with a 32-bit length; a null array reads as empty. */
  array<T>(readOne: (reader: this) => T): T[] {
    return this.#items(this.int32(), readOne);
  }

  /** As {@link array}, but null stays null. */
  nullableArray<T>(readOne: (reader: this) => T): T[] | null {
    const length = this.int32();
    return length < 0 ? null : this.#items(length, readOne);
  }

  compactArray<T>(readOne: (reader: this) => T): T[] {
    return this.#items(this.uvarint() - 1, readOne);
  }

  /** As {@link compactArray}, but null stays null. */
  compactNullableArray<T>(readOne: (reader: this) => T): T[] | null {
    const length = this.uvarint() - 1;
    return length < 0 ? null : this.#items(length, readOne);
  }

  /** Tagged fields of flexible versions: read past. */
  skipTags(): void {
    let left = this.uvarint();
    this.#takeItems(left);
    for (; left > 0; left--) {
      this.uvarint();
      this.view(this.uvarint());
    }
  }

  #items<T>(length: number, readOne: (reader: this) => T): T[] {
    this.#takeItems(length);
    const items: T[] = [];
    for (let i = 0; i < length; i++) items.push(readOne(this));
    return items;
  }

  #takeItems(count: number): void {
    this.itemsLeft -= count;
    // No item is without bytes.
    if (count <= this.remaining && this.itemsLeft >= 0) return;
    throw new RecordError(`An array of ${count} items at byte ${this.offset} of a Kafka message is too long`);
  }

  #text(length: number): string {
    const start = this.#advance(length);
    return this.buffer.toString('utf8', start, start + length);
  }

  #advance(length: number): number {
    const start = this.offset;
    if (length < 0 || start + length > this.buffer.length) {
      throw new RecordError(
        `A Kafka message ends early: ${length} bytes wanted at byte ${start} of ${this.buffer.length}`,
      );
    }
    this.offset = start + length;
    return start;
  }
}

/** The 64-bit number at `at` as a double; beyond 2^53 - 1 a RecordError. No BigInt is made. */
export function readInt64(buffer: Buffer, at: number): number {
  const value = buffer.readInt32BE(at) * 0x1_0000_0000 + buffer.readUInt32BE(at + 4);
  if (!Number.isSafeInteger(value)) {
    throw new RecordError(
      `The 64-bit number at byte ${at} of a Kafka message is beyond 2^53 - 1, the exact numbers of JavaScript`,
    );
  }
  return value;
}
