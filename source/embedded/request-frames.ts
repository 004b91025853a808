/** The length before each request and response. */
export const LENGTH_BYTES = 4;

/** The bytes that a client sent, cut into its requests: each has its length before it. */
export class RequestFrames {
  #chunks: Buffer[] = [];
  #waitingBytes = 0;

  /** Bytes that were received and not taken yet. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /**
   * Bytes of the next request by its length field, that field included; undefined until the field
   * was received.
   */
  get nextBytes(): number | undefined {
    if (this.#waitingBytes < LENGTH_BYTES) return undefined;
    let first = this.#chunks[0];
    if (first === undefined) return undefined;
    if (first.length < LENGTH_BYTES) {
      first = Buffer.concat(this.#chunks);
      this.#chunks = [first];
    }
    return LENGTH_BYTES + first.readInt32BE(0);
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#waitingBytes += chunk.length;
  }

  /**
   * Cuts the next whole request off; undefined while a part is missing. Its bytes are copied only
   * where several chunks hold them.
   */
  take(): Buffer | undefined {
    const end = this.nextBytes;
    const first = this.#chunks[0];
    if (end === undefined || first === undefined || this.#waitingBytes < end) return undefined;
    const whole = first.length >= end ? first : Buffer.concat(this.#chunks);
    const rest = first.length >= end ? this.#chunks.slice(1) : [];
    this.#chunks = whole.length > end ? [whole.subarray(end), ...rest] : rest;
    this.#waitingBytes -= end;
    return whole.subarray(LENGTH_BYTES, end);
  }
}
