import { foreignError, foreignerOf } from './foreign-protocol.ts';

const SIZE_BYTES = 4;
/** No answer of a Kafka broker is near this; TLS records and HTTP read as a size are far beyond. */
const LARGEST_RESPONSE_BYTES = 256 * 1024 * 1024;

/**
 * Cuts the bytes of a socket into responses, each in a buffer of exactly its size: who keeps a part
 * of a response keeps nothing else. Bytes are copied at most once, and those that are read straight
 * into {@link room} never.
 */
export class ResponseFramer {
  readonly #broker: string;
  readonly #deliver: (response: Buffer) => void;
  readonly #size = Buffer.alloc(SIZE_BYTES);
  #sizeFilled = 0;
  #body: Buffer | undefined;
  #bodyFilled = 0;

  /**
   * @param broker its address, for messages
   * @param deliver takes each response, without its size field
   */
  constructor(broker: string, deliver: (response: Buffer) => void) {
    this.#broker = broker;
    this.#deliver = deliver;
  }

  /** Forgets what came of an unfinished response: the connection it belonged to is gone. */
  reset(): void {
    this.#sizeFilled = 0;
    this.#body = undefined;
  }

  /** Where the rest of the response that has begun belongs; undefined between two responses. */
  room(): Buffer | undefined {
    return this.#body?.subarray(this.#bodyFilled);
  }

  /** This many bytes were put into {@link room}. */
  filled(bytes: number): void {
    const body = this.#body;
    this.#bodyFilled += bytes;
    if (body === undefined || this.#bodyFilled < body.length) return;
    this.#body = undefined;
    this.#deliver(body);
  }

  /**
   * Takes bytes, of which it keeps nothing but copies.
   *
   * @throws ConnectionError if the bytes cannot be Kafka's
   */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#body !== undefined) at = this.#fill(this.#body, chunk, at);
      else if (this.#sizeFilled === 0 && chunk.length - at >= SIZE_BYTES) {
        this.#startBody(this.#checkedSize(chunk.readInt32BE(at)));
        at += SIZE_BYTES;
      } else {
        this.#size[this.#sizeFilled++] = chunk[at++] ?? 0;
        if (this.#sizeFilled === SIZE_BYTES) this.#startBody(this.#checkedSize(this.#size.readInt32BE(0)));
      }
    }
  }

  #startBody(size: number): void {
    this.#sizeFilled = 0;
    this.#body = Buffer.allocUnsafeSlow(size);
    this.#bodyFilled = 0;
  }

  #fill(body: Buffer, chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + body.length - this.#bodyFilled);
    chunk.copy(body, this.#bodyFilled, at, end);
    this.filled(end - at);
    return end;
  }

  #checkedSize(size: number): number {
    if (size >= SIZE_BYTES && size <= LARGEST_RESPONSE_BYTES) return size;
    const start = Buffer.alloc(SIZE_BYTES);
    start.writeInt32BE(size);
    const why =
      foreignerOf(start) ?? 'check that the address is a Kafka listener, and that the ssl option fits it';
    throw foreignError(
      `Broker ${this.#broker}: the answer claims to have ${size} bytes, so it is none of Kafka's; ${why}`,
    );
  }
}
