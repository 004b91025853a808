/** Smaller ones are cheap to make, and cost the collector nothing that can be seen. */
const LEAST_BYTES = 64 * 1024;
/** A larger one, which a large record has made, is not kept. */
const MOST_BYTES = 1024 * 1024;
/** At most this many are kept: some 8 MB. */
const MOST_KEPT = 8;
/** Of what is asked for, so that a small batch does not occupy a large buffer. */
const MOST_TIMES = 2;

/**
 * The buffers of record batches, each of which is used again once the batch in it was acked.
 *
 * The engine does a full collection whenever some 64 MB of buffers were made, however soon they are
 * free again: half of all that a job makes which sends what it reads.
 */
export class BatchBuffers {
  readonly #kept: Buffer[] = [];

  /** A buffer with room for this many bytes; what is in it means nothing. */
  take(bytes: number): Buffer {
    if (bytes < LEAST_BYTES) return Buffer.allocUnsafe(bytes);
    const found = this.#kept.findIndex(
      ({ length }) => length >= bytes && length <= Math.max(bytes * MOST_TIMES, LEAST_BYTES),
    );
    if (found >= 0) return this.#kept.splice(found, 1)[0] as Buffer;
    // Batches of a partition have nearly the same size: the next one is to fit.
    return Buffer.allocUnsafeSlow(Math.ceil(bytes / LEAST_BYTES) * LEAST_BYTES);
  }

  /** Takes back a buffer that nothing reads or writes any more. */
  give(buffer: Buffer): void {
    if (buffer.length < LEAST_BYTES || buffer.length > MOST_BYTES) return;
    // The oldest one has not fitted for longest.
    if (this.#kept.length === MOST_KEPT) this.#kept.shift();
    this.#kept.push(buffer);
  }

  /** Keeps none any longer. */
  clear(): void {
    this.#kept.length = 0;
  }
}
