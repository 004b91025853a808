/** So long may a link take for the bytes of one request or answer before less is asked for. */
const SLOW_MS = 2_000;
/** Less is not asked for: a link that needs seconds for this is too slow for Kafka. */
const LEAST_BYTES = 64 * 1024;

/**
 * How many bytes one request to a broker, or its answer, may have: as many as its link moves in two
 * seconds. So a slow link gets through, and on one link nothing is held up by what is large.
 */
export class RequestSize {
  readonly #maxBytes: number;
  readonly #startBytes: number;
  #bytes: number;

  /** @param startBytes as long as nothing is known of the link */
  constructor(maxBytes: number, startBytes: number) {
    this.#maxBytes = maxBytes;
    this.#startBytes = startBytes;
    this.#bytes = startBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Whether the link was found to be slow: less than at the start is moved at a time. */
  get isReduced(): boolean {
    return this.#bytes < this.#startBytes;
  }

  /** This many bytes took so long. */
  took(ms: number, bytes: number): void {
    if (ms > SLOW_MS) this.#set(bytes * (SLOW_MS / ms));
    else if (ms < SLOW_MS / 2 && bytes * 2 >= this.#bytes) this.#set(this.#bytes * 2);
  }

  /** No end was seen of them: much less is tried next. */
  late(): void {
    this.#set(this.#bytes / 4);
  }

  #set(bytes: number): void {
    this.#bytes = Math.min(this.#maxBytes, Math.max(LEAST_BYTES, Math.floor(bytes)));
  }
}
