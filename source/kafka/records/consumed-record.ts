import { inspect } from 'node:util';
import { exactHeaders } from '../../kernel/raw-names.ts';
import type { ConsumerMessage, Headers, MessageObject } from '../../message.ts';
import type { EncodedFields } from '../sink.ts';
import type { BatchView } from './batch-view.ts';
import { ConsumedHeaders } from './consumed-headers.ts';
import { afterField, fieldAt } from './encoded-field.ts';
import { loggedBytes } from './logged-bytes.ts';
import { utf8Text } from './utf8-text.ts';
import { varintAt, varintEnd, varlongAt } from './varint.ts';

/**
 * A record that stays encoded: two small fields, since making the objects is what decoding costs.
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
 * Neither the offset nor where the key starts is kept: going past the two deltas takes a few
 * nanoseconds, a third field costs each message more.
 *
 * @see https://kafka.apache.org/documentation/#record
 */
export class ConsumedRecord implements ConsumerMessage {
  readonly #batch: BatchView;
  /** Position of the record's length. */
  readonly #at: number;

  constructor(batch: BatchView, at: number) {
    this.#batch = batch;
    this.#at = at;
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
    const { buffer, baseOffset } = this.#batch;
    return baseOffset + varintAt(buffer, this.#offsetDeltaAt());
  }

  get timestamp(): number {
    const batch = this.#batch;
    return (
      batch.appendTime ?? batch.baseTimestamp + varlongAt(batch.buffer, varintEnd(batch.buffer, this.#at) + 1)
    );
  }

  get key(): Buffer | null {
    return fieldAt(this.#batch, this.#keyAt());
  }

  get value(): Buffer | null {
    return fieldAt(this.#batch, this.#valueAt());
  }

  get headers(): Headers {
    const batch = this.#batch;
    return ConsumedHeaders.read(batch, afterField(batch.buffer, this.#valueAt()));
  }

  /** For {@link exactHeadersOf}. */
  [exactHeaders](): Headers {
    const batch = this.#batch;
    return ConsumedHeaders.readExact(batch, afterField(batch.buffer, this.#valueAt()));
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
    return new ConsumedRecord(this.#batch.over(own), 0);
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

  #offsetDeltaAt(): number {
    const { buffer } = this.#batch;
    return varintEnd(buffer, varintEnd(buffer, this.#at) + 1);
  }

  #keyAt(): number {
    return varintEnd(this.#batch.buffer, this.#offsetDeltaAt());
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
