import { inspect } from 'node:util';
import type { ConsumerMessage, Headers, MessageObject } from '../../message.ts';
import type { EncodedFields } from '../sink.ts';
import { ConsumedHeaders } from './consumed-headers.ts';
import { afterField, fieldAt } from './encoded-field.ts';
import { loggedBytes } from './logged-bytes.ts';
import { utf8Text } from './utf8-text.ts';
import { varintAt, varintEnd, varlongAt } from './varint.ts';

/** What the records of one batch share. */
export interface BatchView {
  /** The records, inflated. */
  readonly buffer: Buffer;
  readonly topic: string;
  readonly partition: number;
  readonly baseOffset: number;
  readonly baseTimestamp: number;
  /** The broker's time for all records of the batch; undefined where each has its own. */
  readonly appendTime: number | undefined;
}

/**
 * A record that stays encoded: three small fields, since making the objects is what decoding costs.
 * Everything else is read from the batch when asked for. The decoder has checked that all lengths
 * lie within the record.
 *
 * | field | form |
 * | --- | --- |
 * | attributes | one byte, unused |
 * | timestamp delta | varlong |
 * | offset delta | varint |
 * | key | varint length, -1 for null; bytes |
 * | value | varint length, -1 for null; bytes |
 * | headers | varint count; per header the name (varint length, bytes) and the value as above |
 *
 * Where the key starts is not kept: skipping the two deltas takes a few nanoseconds, a fourth field
 * costs each message more.
 *
 * @see https://kafka.apache.org/documentation/#record
 */
export class ConsumedRecord implements ConsumerMessage {
  readonly #batch: BatchView;
  /** Position of the record's length. */
  readonly #at: number;
  readonly #offsetDelta: number;

  constructor(batch: BatchView, at: number, offsetDelta: number) {
    this.#batch = batch;
    this.#at = at;
    this.#offsetDelta = offsetDelta;
  }

  /** Whether a message is one: a user may have made it in another way. */
  static is(message: object): message is ConsumedRecord {
    return #batch in message;
  }

  /**
   * Writes to `fields` where key, value and headers lie. A function beside the message, which has
   * what users are to see of it; into an object of the caller, so that none is made for each record.
   */
  static locate(record: ConsumedRecord, fields: EncodedFields): void {
    const { buffer } = record.#batch;
    const at = record.#at;
    fields.buffer = buffer;
    fields.start = record.#keyAt();
    fields.end = varintEnd(buffer, at) + varintAt(buffer, at);
  }

  get topic(): string {
    return this.#batch.topic;
  }

  get partition(): number {
    return this.#batch.partition;
  }

  get offset(): number {
    return this.#batch.baseOffset + this.#offsetDelta;
  }

  get timestamp(): number {
    const batch = this.#batch;
    return (
      batch.appendTime ?? batch.baseTimestamp + varlongAt(batch.buffer, varintEnd(batch.buffer, this.#at) + 1)
    );
  }

  get key(): Buffer | null {
    return fieldAt(this.#batch.buffer, this.#keyAt());
  }

  get value(): Buffer | null {
    return fieldAt(this.#batch.buffer, this.#valueAt());
  }

  get headers(): Headers {
    const { buffer } = this.#batch;
    return ConsumedHeaders.read(buffer, afterField(buffer, this.#valueAt()));
  }

  get keyText(): string | null {
    return textAt(this.#batch.buffer, this.#keyAt());
  }

  get valueText(): string | null {
    return textAt(this.#batch.buffer, this.#valueAt());
  }

  get bytes(): number {
    const { buffer } = this.#batch;
    return varintEnd(buffer, this.#at) - this.#at + varintAt(buffer, this.#at);
  }

  copy(): ConsumerMessage {
    const own = Buffer.allocUnsafeSlow(this.bytes);
    this.#batch.buffer.copy(own, 0, this.#at, this.#at + own.length);
    return new ConsumedRecord({ ...this.#batch, buffer: own }, 0, this.#offsetDelta);
  }

  toObject(): MessageObject {
    // Of a copy: a clone of a view clones all that is behind it, which is the response.
    const { topic, partition, offset, timestamp, key, value, headers } = this.copy();
    return { topic, partition, offset, timestamp, key, value, headers: [...headers] };
  }

  /** For logs: key, value and header values are text where they are UTF-8, else `base64:...`. */
  toJSON(): Record<string, unknown> {
    return {
      topic: this.topic,
      partition: this.partition,
      offset: this.offset,
      timestamp: this.timestamp,
      key: loggedBytes(this.key),
      value: loggedBytes(this.value),
      headers: this.headers,
    };
  }

  [inspect.custom](): unknown {
    return this.toJSON();
  }

  #keyAt(): number {
    const { buffer } = this.#batch;
    return varintEnd(buffer, varintEnd(buffer, varintEnd(buffer, this.#at) + 1));
  }

  #valueAt(): number {
    return afterField(this.#batch.buffer, this.#keyAt());
  }
}

function textAt(buffer: Buffer, at: number): string | null {
  const length = varintAt(buffer, at);
  if (length < 0) return null;
  const start = varintEnd(buffer, at);
  return utf8Text(buffer, start, start + length);
}
