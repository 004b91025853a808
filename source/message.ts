/**
 * The headers of a consumed record, in their order. A name may occur more than once; a value may be
 * null.
 */
export interface Headers extends Iterable<readonly [name: string, value: Buffer | null]> {
  readonly size: number;
  /** The last value under this name, as Kafka's `lastHeader`; undefined where there is none. */
  get(name: string): Buffer | null | undefined;
  /** All values under this name, in their order. */
  getAll(name: string): (Buffer | null)[];
}

/**
 * A record read from a topic.
 *
 * `key`, `value` and header values are views of the broker's response: to keep one beyond the
 * batch, copy it (`Buffer.from(message.value)`), or the whole response, up to some megabytes, stays
 * in memory with it. Key and value are made when they are read: read each once.
 */
export interface ConsumerMessage {
  readonly topic: string;
  readonly partition: number;
  /** Exact up to 2^53 - 1. */
  readonly offset: number;
  /**
   * Milliseconds since 1970, set by the producer or, with `message.timestamp.type=LogAppendTime`,
   * by the broker; -1 if none.
   */
  readonly timestamp: number;
  readonly key: Buffer | null;
  /** null is a tombstone. */
  readonly value: Buffer | null;
  readonly headers: Headers;
  /** The key as UTF-8 text, null if there is no key: faster than `key.toString()`. */
  readonly keyText: string | null;
  /** The value as UTF-8 text, null for a tombstone: faster than `value.toString()`. */
  readonly valueText: string | null;
  /** Size of the record as encoded in its batch, uncompressed. */
  readonly bytes: number;
}

/** A header value to send. Text is sent as UTF-8. */
export type HeaderValue = Buffer | Uint8Array | string | null;

/**
 * Headers to send: an object (arrays repeat a name), or name-value pairs in the order they are to
 * be sent, such as the headers of a consumed message.
 */
export type HeadersInit =
  | Readonly<Record<string, HeaderValue | readonly HeaderValue[]>>
  | Iterable<readonly [name: string, value: HeaderValue]>;

/** A record to send. Text is sent as UTF-8. */
export interface ProducerMessage {
  readonly topic: string;
  /**
   * Decides the partition, unless `partition` is given. Default null: spread over the partitions.
   */
  readonly key?: Buffer | Uint8Array | string | null;
  /** null is a tombstone. */
  readonly value: Buffer | Uint8Array | string | null;
  readonly headers?: HeadersInit;
  /** Goes to this partition, no matter which key it has. */
  readonly partition?: number;
  /** Milliseconds since 1970. Default: the time of `send`. */
  readonly timestamp?: number;
}
