import { inspect } from 'node:util';
import { keepRawName } from '../../kernel/raw-names.ts';
import type { Headers } from '../../message.ts';
import type { ViewedBytes } from './batch-view.ts';
import { loggedBytes } from './logged-bytes.ts';
import { varintAt, varintEnd } from './varint.ts';

type Entry = readonly [name: string, value: Buffer | null];

/** The headers of one record, read together; values are views of its batch. */
export class ConsumedHeaders implements Headers {
  readonly #entries: readonly Entry[];

  constructor(entries: readonly Entry[]) {
    this.#entries = entries;
  }

  /**
   * Reads the headers at `at`, the position of their count. The bytes were checked when the record
   * was decoded.
   */
  static read(batch: ViewedBytes, at: number): ConsumedHeaders {
    const { buffer } = batch;
    const count = varintAt(buffer, at);
    if (count === 0) return noHeaders;
    const entries: Entry[] = [];
    let position = varintEnd(buffer, at);
    for (let i = 0; i < count; i++) {
      const nameStart = varintEnd(buffer, position);
      const nameEnd = nameStart + varintAt(buffer, position);
      const valueStart = varintEnd(buffer, nameEnd);
      const valueLength = varintAt(buffer, nameEnd);
      position = valueStart + Math.max(0, valueLength);
      entries.push([
        buffer.toString('utf8', nameStart, nameEnd),
        valueLength < 0 ? null : batch.bytes(valueStart, valueLength),
      ]);
    }
    return new ConsumedHeaders(entries);
  }

  /** As {@link read}; beside names that are no UTF-8 their bytes are kept. */
  static readExact(batch: ViewedBytes, at: number): ConsumedHeaders {
    const { buffer } = batch;
    const headers = ConsumedHeaders.read(batch, at);
    let position = varintEnd(buffer, at);
    for (const entry of headers) {
      const nameStart = varintEnd(buffer, position);
      const nameEnd = nameStart + varintAt(buffer, position);
      const name = buffer.subarray(nameStart, nameEnd);
      if (!name.equals(Buffer.from(entry[0]))) keepRawName(entry, Buffer.from(name));
      position = varintEnd(buffer, nameEnd) + Math.max(0, varintAt(buffer, nameEnd));
    }
    return headers;
  }

  get size(): number {
    return this.#entries.length;
  }

  get(name: string): Buffer | null | undefined {
    return this.#entries.findLast((entry) => entry[0] === name)?.[1];
  }

  getAll(name: string): (Buffer | null)[] {
    return this.#entries.filter((entry) => entry[0] === name).map((entry) => entry[1]);
  }

  [Symbol.iterator](): Iterator<Entry> {
    return this.#entries.values();
  }

  /** Name-value pairs for logs: text where the bytes are UTF-8. */
  toJSON(): [name: string, value: string | null][] {
    return this.#entries.map(([name, value]) => [name, loggedBytes(value)]);
  }

  [inspect.custom](): unknown {
    return this.toJSON();
  }
}

/** What a record without headers answers with. */
export const noHeaders = new ConsumedHeaders([]);
