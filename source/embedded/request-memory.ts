import { BoundedMemory } from './bounded-memory.ts';

/** Of all connections together. A broker has such a limit where `queued.max.request.bytes` is set. */
const MAX_BYTES = 536_870_912;
/** What is shorter takes no room that matters. */
const LONG_BYTES = 65_536;

/**
 * The memory of long requests that are received or served, and of long answers that are not sent yet, of
 * all connections of the cluster.
 */
export class RequestMemory {
  readonly #memory = new BoundedMemory(MAX_BYTES);

  /** @returns the bytes to {@link give} back, undefined where there is no room */
  take(bytes: number): number | undefined {
    if (bytes <= LONG_BYTES) return 0;
    return this.#memory.take(bytes) ? bytes : undefined;
  }

  give(bytes: number): void {
    this.#memory.give(bytes);
  }
}
