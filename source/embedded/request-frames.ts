/** The length before each request and response. */
export const LENGTH_BYTES = 4;
const API_KEY_BYTES = 2;

/** A request that is longer is put together as it comes: to copy it whole would take long. */
const LONG_BYTES = 1_048_576;

/** The bytes that a client sent, cut into its requests: each has its length before it. */
export class RequestFrames {
  #chunks: Buffer[] = [];
  #waitingBytes = 0;
  /** The next request, if it is long and not whole yet. */
  #long: { readonly bytes: Buffer; filled: number } | undefined;

  /** Bytes that were received and not taken yet. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /**
   * Bytes of the next request by its length field, that field included; undefined until the field
   * was received.
   */
  get nextBytes(): number | undefined {
    if (this.#long !== undefined) return this.#long.bytes.length;
    if (this.#waitingBytes < LENGTH_BYTES) return undefined;
    let first = this.#chunks[0];
    if (first === undefined) return undefined;
    if (first.length < LENGTH_BYTES) {
      first = Buffer.concat(this.#chunks);
      this.#chunks = [first];
    }
    return LENGTH_BYTES + first.readInt32BE(0);
  }

  /** The API key of the next request; undefined until it was received. */
  get nextApiKey(): number | undefined {
    const end = LENGTH_BYTES + API_KEY_BYTES;
    if (this.#long !== undefined) return this.#long.bytes.readInt16BE(LENGTH_BYTES);
    if (this.#waitingBytes < end) return undefined;
    const [first] = this.#chunks;
    const start = first !== undefined && first.length >= end ? first : Buffer.concat(this.#chunks);
    return start.readInt16BE(LENGTH_BYTES);
  }

  push(chunk: Buffer): void {
    this.#waitingBytes += chunk.length;
    const rest = this.#fillLong(chunk);
    if (rest.length > 0) this.#chunks.push(rest);
  }

  /**
   * Cuts the next whole request off; undefined while a part is missing. Its bytes are copied only
   * where several chunks hold them.
   */
  take(): Buffer | undefined {
    if (this.#long !== undefined) return this.#takeLong(this.#long);
    const end = this.nextBytes;
    const first = this.#chunks[0];
    if (end === undefined || first === undefined) return undefined;
    if (this.#waitingBytes < end) {
      if (end > LONG_BYTES) this.#startLong(end);
      return undefined;
    }
    const whole = first.length >= end ? first : Buffer.concat(this.#chunks);
    const rest = first.length >= end ? this.#chunks.slice(1) : [];
    this.#chunks = whole.length > end ? [whole.subarray(end), ...rest] : rest;
    this.#waitingBytes -= end;
    return whole.subarray(LENGTH_BYTES, end);
  }

  #startLong(bytes: number): void {
    this.#long = { bytes: Buffer.allocUnsafeSlow(bytes), filled: 0 };
    for (const chunk of this.#chunks) this.#fillLong(chunk);
    this.#chunks = [];
  }

  /** Returns what of the chunk is beyond the long request. */
  #fillLong(chunk: Buffer): Buffer {
    const long = this.#long;
    if (long === undefined) return chunk;
    const taken = chunk.copy(long.bytes, long.filled);
    long.filled += taken;
    return chunk.subarray(taken);
  }

  #takeLong({ bytes, filled }: { readonly bytes: Buffer; readonly filled: number }): Buffer | undefined {
    if (filled < bytes.length) return undefined;
    this.#long = undefined;
    this.#waitingBytes -= bytes.length;
    return bytes.subarray(LENGTH_BYTES);
  }
}
