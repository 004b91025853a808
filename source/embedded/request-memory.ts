/** Of all connections together. A broker has such a limit where `queued.max.request.bytes` is set. */
const MAX_BYTES = 536_870_912;
/** What is shorter takes no room that matters. */
const LONG_BYTES = 1_048_576;

/** The memory of long requests that are received or served, of all connections of the cluster. */
export class RequestMemory {
  #taken = 0;

  /** @returns the bytes to {@link give} back, undefined where there is no room */
  take(bytes: number): number | undefined {
    if (bytes <= LONG_BYTES) return 0;
    if (this.#taken + bytes > MAX_BYTES) return undefined;
    this.#taken += bytes;
    return bytes;
  }

  give(bytes: number): void {
    this.#taken -= bytes;
  }
}
