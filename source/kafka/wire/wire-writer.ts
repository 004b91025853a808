import { RecordError } from '../../kernel/errors.ts';

/**
 * Writes the primitive types of Kafka's protocol into a buffer that grows.
 *
 * @see https://kafka.apache.org/protocol#protocol_types
 */
export class WireWriter {
  #buffer: Buffer;
  readonly #maxBytes: number;
  #length = 0;

  /** @param maxBytes more than that is a RecordError, soon after it was written */
  constructor(initialBytes = 512, maxBytes = Infinity) {
    this.#buffer = Buffer.allocUnsafe(initialBytes);
    this.#maxBytes = maxBytes;
  }

  get length(): number {
    return this.#length;
  }

  /** What was written so far: a view that the next write may leave stale. */
  toBuffer(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  int8(value: number): this {
    const at = this.#grow(1);
    this.#buffer.writeInt8(value, at);
    return this;
  }

  int16(value: number): this {
    const at = this.#grow(2);
    this.#buffer.writeInt16BE(value, at);
    return this;
  }

  int32(value: number): this {
    const at = this.#grow(4);
    this.#buffer.writeInt32BE(value, at);
    return this;
  }

  uint32(value: number): this {
    const at = this.#grow(4);
    this.#buffer.writeUInt32BE(value, at);
    return this;
  }

  int64(value: number): this {
    const at = this.#grow(8);
    writeInt64(this.#buffer, value, at);
    return this;
  }

  bigInt64(value: bigint): this {
    const at = this.#grow(8);
    this.#buffer.writeBigInt64BE(value, at);
    return this;
  }

  boolean(value: boolean): this {
    return this.int8(value ? 1 : 0);
  }

  /** 32 hex digits as 16 bytes. */
  uuid(hex: string): this {
    const at = this.#grow(16);
    this.#buffer.write(hex, at, 'hex');
    return this;
  }

  uvarint(value: number): this {
    let rest = value;
    while (rest >= 0x80) {
      this.#byte((rest & 0x7f) | 0x80);
      rest = Math.floor(rest / 128);
    }
    this.#byte(rest);
    return this;
  }

  string(text: string): this {
    const length = Buffer.byteLength(text);
    this.int16(length);
    const at = this.#grow(length);
    this.#buffer.write(text, at, 'utf8');
    return this;
  }

  nullableString(text: string | null): this {
    return text === null ? this.int16(-1) : this.string(text);
  }

  compactString(text: string): this {
    const length = Buffer.byteLength(text);
    this.uvarint(length + 1);
    const at = this.#grow(length);
    this.#buffer.write(text, at, 'utf8');
    return this;
  }

  compactNullableString(text: string | null): this {
    return text === null ? this.uvarint(0) : this.compactString(text);
  }

  /** Length and bytes; null as length -1. */
  bytes(bytes: Uint8Array | null): this {
    if (bytes === null) return this.int32(-1);
    return this.int32(bytes.length).raw(bytes);
  }

  /** The bytes alone. */
  raw(bytes: Uint8Array): this {
    const at = this.#grow(bytes.length);
    this.#buffer.set(bytes, at);
    return this;
  }

  array<T>(items: readonly T[], writeOne: (writer: this, item: T) => void): this {
    this.int32(items.length);
    for (const item of items) writeOne(this, item);
    return this;
  }

  compactArray<T>(items: readonly T[], writeOne: (writer: this, item: T) => void): this {
    this.uvarint(items.length + 1);
    for (const item of items) writeOne(this, item);
    return this;
  }

  /** The tagged fields of flexible versions: none. */
  noTags(): this {
    return this.uvarint(0);
  }

  #byte(value: number): void {
    const at = this.#grow(1);
    this.#buffer[at] = value;
  }

  /**
   * Makes room; must be called before the buffer is named in a statement, since it may replace it.
   */
  #grow(bytes: number): number {
    const start = this.#length;
    const needed = start + bytes;
    if (needed > this.#buffer.length) {
      if (needed > this.#maxBytes) {
        throw new RecordError(`A Kafka message of more than ${this.#maxBytes} bytes is too long`);
      }
      const larger = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
      larger.set(this.#buffer.subarray(0, start));
      this.#buffer = larger;
    }
    this.#length = needed;
    return start;
  }
}

/** Writes a whole number up to 2^53 as 64 bits, without a BigInt. */
export function writeInt64(buffer: Buffer, value: number, at: number): void {
  const high = Math.floor(value / 0x1_0000_0000);
  buffer.writeInt32BE(high, at);
  buffer.writeUInt32BE(value - high * 0x1_0000_0000, at + 4);
}
