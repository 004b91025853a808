/**
 * The headers of a consumed record, in their order. A name may occur more than once; a value may be
 * null. `[...headers]` has them as pairs.
 *
 * Declared as a class for the same reason as {@link ConsumerMessage}.
 */
export declare abstract class Headers implements Iterable<readonly [name: string, value: Buffer | null]> {
  abstract get size(): number;
  /** The last value under this name, as Kafka's `lastHeader`; undefined where there is none. */
  abstract get(name: string): Buffer | null | undefined;
  /** All values under this name, in their order. */
  abstract getAll(name: string): (Buffer | null)[];
  /** Names and values in their order. */
  abstract [Symbol.iterator](): Iterator<readonly [name: string, value: Buffer | null]>;
}

/**
 * A record read from a topic.
 *
 * `key`, `value` and header values are views of the broker's response: what is kept of one beyond
 * the batch keeps the whole response, up to some megabytes, in memory. {@link ConsumerMessage.copy}
 * has bytes of its own. Key and value are made when they are read: read each once.
 *
 * Fields are read from the record when they are asked for, so `{ ...message }`, `Object.assign` and
 * `structuredClone(message)` give none of them: use {@link ConsumerMessage.toObject}. It is declared
 * as a class so that TypeScript knows this of `{ ...message }`; there is none to import.
 */
export declare abstract class ConsumerMessage {
  abstract get topic(): string;
  abstract get partition(): number;
  /** Exact up to 2^53 - 1. */
  abstract get offset(): number;
  /**
   * Milliseconds since 1970, set by the producer or, with `message.timestamp.type=LogAppendTime`,
   * by the broker; -1 if none.
   */
  abstract get timestamp(): number;
  abstract get key(): Buffer | null;
  /** null is a tombstone. */
  abstract get value(): Buffer | null;
  abstract get headers(): Headers;
  /** The key as UTF-8 text, null if there is no key: faster than `key.toString()`. */
  abstract get keyText(): string | null;
  /** The value as UTF-8 text, null for a tombstone: faster than `value.toString()`. */
  abstract get valueText(): string | null;
  /** Size of the record as encoded in its batch, uncompressed. */
  abstract get bytes(): number;
  /** The same message with bytes of its own, to keep beyond the batch. */
  abstract copy(): ConsumerMessage;
  /**
   * Its fields as plain data with bytes of their own: to keep, to clone, to post to a worker
   * thread, or to send on with some of them replaced.
   *
   * @example sender.send({ ...message.toObject(), topic: 'copies' }); // to the same partition
   */
  abstract toObject(): MessageObject;
}

/** The fields of a {@link ConsumerMessage} as plain data: those that Kafka keeps of a record. */
export interface MessageObject {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** Name-value pairs in their order. */
  readonly headers: readonly (readonly [name: string, value: Buffer | null])[];
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

/**
 * Where a consumed message is sent on to, and what is replaced of it. A field that is left out, or
 * undefined, is kept. Text is sent as UTF-8.
 */
export interface ForwardFields {
  readonly topic: string;
  /** Default: the message's own. null: no key. */
  readonly key?: Buffer | Uint8Array | string | null;
  /** Default: the message's own. null is a tombstone. */
  readonly value?: Buffer | Uint8Array | string | null;
  /** In place of all headers of the message. Default: those, in their order. */
  readonly headers?: HeadersInit;
  /**
   * Goes to this partition, no matter which key it has. Default: the one that the partitioner
   * chooses from the key, as for {@link ProducerMessage}; not the one that the message came from.
   */
  readonly partition?: number;
  /** Milliseconds since 1970. Default: the message's own; -1, none, becomes the time of the call. */
  readonly timestamp?: number;
}

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
  /**
   * Milliseconds since 1970. Default: the time of `send`; of up to 16 that are called in a row, with
   * no `await` between them, that of the first.
   */
  readonly timestamp?: number;
}
