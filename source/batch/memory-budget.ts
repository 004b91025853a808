import type { FetchBudget } from '../kafka/source.ts';

/**
 * Counts the bytes of fetched records in memory against `maxBufferBytes`: reservations of fetches
 * in flight, and chunks that are buffered or in process.
 */
export class MemoryBudget implements FetchBudget {
  readonly #maxBytes: number;
  /** Less than this is not worth a request. */
  readonly #minGrant: number;
  readonly #holders = new Set<MemoryHolder>();
  #reserved = 0;
  #charged = 0;
  #waiting: (() => void)[] = [];

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
    this.#minGrant = Math.min(256 * 1024, Math.floor(maxBytes / 4));
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

  /** From now on this one may be asked to process early what it holds. */
  join(holder: MemoryHolder): void {
    this.#holders.add(holder);
  }

  leave(holder: MemoryHolder): void {
    this.#holders.delete(holder);
  }

  reserve(bytes: number): number {
    const granted = Math.min(bytes, this.available);
    if (granted < Math.min(bytes, this.#minGrant)) {
      this.relieve();
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

  /** The last message of chunks of this many bytes is done. */
  refund(bytes: number): void {
    this.#charged -= bytes;
    this.#wake();
  }

  onceFree(callback: () => void): void {
    this.#waiting.push(callback);
  }

  /** A fetch found no room: the one that holds most and is not at work processes it immediately. */
  relieve(): void {
    let largest: MemoryHolder | undefined;
    for (const holder of this.#holders) {
      if (holder.busy || holder.bufferedBytes === 0) continue;
      if (largest === undefined || holder.bufferedBytes > largest.bufferedBytes) largest = holder;
    }
    largest?.relieve();
  }

  #wake(): void {
    if (this.#waiting.length === 0 || this.available < this.#minGrant) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const callback of waiting) callback();
  }
}

/** Holds fetched records in memory until a batch is due. */
export interface MemoryHolder {
  /** Whether a batch is in process, or waits for its turn: that frees memory by itself. */
  readonly busy: boolean;
  /** Bytes that waiting messages keep in memory. */
  readonly bufferedBytes: number;
  /** Memory is short: what waits is due now. */
  relieve(): void;
}
