import type { FetchBudget } from '../kafka/client.ts';

/**
 * Counts the bytes of fetched records in memory against `maxBufferBytes`: reservations of fetches under way, and chunks that are buffered or in
 * process.
 */
export class MemoryBudget implements FetchBudget {
  readonly #maxBytes: number;
  /** Less than this is not worth a request. */
  readonly #minGrant: number;
  readonly #onRefused: () => void;
  #reserved = 0;
  #charged = 0;
  #waiting: (() => void)[] = [];

  /** @param onRefused called when a fetch found no room, so that something can be processed early */
  constructor(maxBytes: number, onRefused: () => void) {
    this.#maxBytes = maxBytes;
    this.#minGrant = Math.min(256 * 1024, Math.floor(maxBytes / 4));
    this.#onRefused = onRefused;
  }

  get available(): number {
    return this.#maxBytes - this.#reserved - this.#charged;
  }

  /** Bytes of chunks that are buffered or in process. */
  get charged(): number {
    return this.#charged;
  }

  /** Whether a fetch waits for room that is not there yet. */
  get isShort(): boolean {
    return this.#waiting.length > 0 && this.available < this.#minGrant;
  }

  reserve(bytes: number): number {
    const granted = Math.min(bytes, this.available);
    if (granted < Math.min(bytes, this.#minGrant)) {
      this.#onRefused();
      return 0;
    }
    this.#reserved += granted;
    return granted;
  }

  release(bytes: number): void {
    this.#reserved -= bytes;
    this.#wake();
  }

  /** A chunk was taken over. */
  charge(bytes: number): void {
    this.#charged += bytes;
  }

  /** The last message of chunks of so many bytes is done. */
  refund(bytes: number): void {
    this.#charged -= bytes;
    this.#wake();
  }

  onceFree(callback: () => void): void {
    this.#waiting.push(callback);
  }

  #wake(): void {
    if (this.#waiting.length === 0 || this.available < this.#minGrant) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const callback of waiting) callback();
  }
}
