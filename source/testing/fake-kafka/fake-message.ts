import type { ConsumerMessage, Headers } from '../../message.ts';

/** The parts of a message; all have a default. */
export interface MessageParts {
  readonly topic?: string;
  readonly partition?: number;
  readonly offset?: number;
  readonly timestamp?: number;
  readonly key?: string | Buffer | null;
  readonly value?: string | Buffer | null;
  readonly headers?: readonly (readonly [name: string, value: Buffer | null])[];
  /** Default: 20 and the lengths of key and value. */
  readonly bytes?: number;
}

/** A consumed message, as a source would deliver it. */
export function makeMessage(parts: MessageParts = {}): ConsumerMessage {
  const { topic = 'in', partition = 0, offset = 0, timestamp = 0 } = parts;
  const key = toBuffer(parts.key ?? null);
  const value = toBuffer(parts.value === undefined ? `v${offset}` : parts.value);
  const fields = { topic, partition, offset, timestamp, key, value };
  const headers = parts.headers ?? [];
  return {
    ...fields,
    headers: new PairHeaders(headers),
    keyText: key === null ? null : key.toString('utf8'),
    valueText: value === null ? null : value.toString('utf8'),
    bytes: parts.bytes ?? 20 + (key?.length ?? 0) + (value?.length ?? 0),
    copy: () => makeMessage({ ...fields, headers, ...parts }),
    toObject: () => ({ ...fields, headers }),
  };
}

/** Messages with offsets from `first` on, one after another. */
export function makeMessages(count: number, first = 0, parts: MessageParts = {}): ConsumerMessage[] {
  return Array.from({ length: count }, (_none, at) => makeMessage({ ...parts, offset: first + at }));
}

function toBuffer(value: string | Buffer | null): Buffer | null {
  return typeof value === 'string' ? Buffer.from(value) : value;
}

/** Headers over a list of pairs. */
class PairHeaders implements Headers {
  readonly #pairs: readonly (readonly [name: string, value: Buffer | null])[];

  constructor(pairs: readonly (readonly [name: string, value: Buffer | null])[]) {
    this.#pairs = pairs;
  }

  get size(): number {
    return this.#pairs.length;
  }

  get(name: string): Buffer | null | undefined {
    return this.#pairs.findLast(([each]) => each === name)?.[1];
  }

  getAll(name: string): (Buffer | null)[] {
    return this.#pairs.filter(([each]) => each === name).map(([, value]) => value);
  }

  [Symbol.iterator](): Iterator<readonly [name: string, value: Buffer | null]> {
    return this.#pairs[Symbol.iterator]();
  }
}
