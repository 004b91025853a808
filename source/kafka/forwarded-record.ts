import { SendError } from '../kernel/errors.ts';
import { show } from '../kernel/shown-value.ts';
import type { ConsumerMessage, ForwardFields } from '../message.ts';
import {
  checkNames,
  checkPlace,
  headerPairs,
  isFieldToSend,
  isWholeNumber,
  listHeaders,
  NO_TIMESTAMP,
  toBytes,
} from './outgoing-record.ts';
import type { KeyInPlace } from './partitioner.ts';
import { ConsumedRecord } from './records/consumed-record.ts';
import { afterField } from './records/encoded-field.ts';
import { fieldBytes, headersBytes, writeField, writeHeaders } from './records/outgoing-headers.ts';
import { varintAt, varintEnd } from './records/varint.ts';
import type { EncodedRecord } from './sink.ts';

const LEAST_BYTES = 512;
/** A record that takes more has a scratch buffer of its own, which is not kept. */
const MOST_KEPT_BYTES = 65_536;
const NOTHING = Buffer.alloc(0);

/**
 * A consumed record that is sent on, its fields encoded: where nothing is replaced, it is the bytes
 * that the broker sent. One object for all records of a sender, so that none is made for each.
 */
export class ForwardedRecord implements EncodedRecord, KeyInPlace {
  buffer: Buffer = NOTHING;
  start = 0;
  end = 0;
  timestamp = 0;
  bytes = 0;
  keyAt = 0;
  /** -1: no key. */
  keyBytes = -1;
  /** For records of which something is replaced. */
  #scratch: Buffer = NOTHING;

  /**
   * Takes a message and what is replaced of it, both checked by {@link checkForward}. `bytes` is
   * left to the accumulator.
   *
   * @throws SendError for a field of a wrong type, and for a timestamp of the message that cannot be
   * sent
   */
  take(message: ConsumerMessage, fields: ForwardFields, wallNow: () => number): void {
    const { key, value, headers, timestamp = keptTimestamp(message, fields.topic) } = fields;
    this.timestamp = timestamp === NO_TIMESTAMP ? wallNow() : timestamp;
    if (!ConsumedRecord.is(message)) this.#encode(message, fields);
    else {
      ConsumedRecord.locate(message, this);
      if (key !== undefined || value !== undefined || headers !== undefined) this.#replace(fields);
    }
    this.keyBytes = varintAt(this.buffer, this.start);
    this.keyAt = varintEnd(this.buffer, this.start);
  }

  /** The same with bytes of its own. */
  copy(): ForwardedRecord {
    const { start } = this;
    const copy = new ForwardedRecord();
    copy.buffer = Buffer.from(this.buffer.subarray(start, this.end));
    copy.end = copy.buffer.length;
    copy.timestamp = this.timestamp;
    copy.bytes = this.bytes;
    copy.keyAt = this.keyAt - start;
    copy.keyBytes = this.keyBytes;
    return copy;
  }

  /** Puts the fields that are given between those that are kept, whose bytes are copied. */
  #replace({ topic, key, value, headers }: ForwardFields): void {
    const { buffer, start, end } = this;
    const valueAt = afterField(buffer, start);
    const headersAt = afterField(buffer, valueAt);
    const newKey = key === undefined ? undefined : toBytes(key, 'key', topic, false);
    const newValue = value === undefined ? undefined : toBytes(value, 'value', topic, false);
    const newHeaders = headers === undefined ? undefined : listHeaders(headers, topic, false);
    const bytes =
      (newKey === undefined ? valueAt - start : fieldBytes(newKey)) +
      (newValue === undefined ? headersAt - valueAt : fieldBytes(newValue)) +
      (newHeaders === undefined ? end - headersAt : headersBytes(newHeaders));
    const target = this.#room(bytes);
    let at = newKey === undefined ? buffer.copy(target, 0, start, valueAt) : writeField(target, newKey, 0);
    at =
      newValue === undefined
        ? at + buffer.copy(target, at, valueAt, headersAt)
        : writeField(target, newValue, at);
    if (newHeaders === undefined) buffer.copy(target, at, headersAt, end);
    else writeHeaders(target, newHeaders, at);
    this.#is(target, bytes);
  }

  /** Encodes a message that is not a view of a record: a user or a test made it. */
  #encode(message: ConsumerMessage, fields: ForwardFields): void {
    const { topic } = fields;
    const filled = filledFrom(message, fields);
    const key = toBytes(filled.key, 'key', topic, false);
    const value = toBytes(filled.value, 'value', topic, false);
    const headers = listHeaders(filled.headers, topic, false);
    const bytes = fieldBytes(key) + fieldBytes(value) + headersBytes(headers);
    const target = this.#room(bytes);
    writeHeaders(target, headers, writeField(target, value, writeField(target, key, 0)));
    this.#is(target, bytes);
  }

  #room(bytes: number): Buffer {
    if (bytes <= this.#scratch.length) return this.#scratch;
    if (bytes > MOST_KEPT_BYTES) return Buffer.allocUnsafe(bytes);
    this.#scratch = Buffer.allocUnsafe(Math.max(bytes, 2 * this.#scratch.length, LEAST_BYTES));
    return this.#scratch;
  }

  #is(buffer: Buffer, bytes: number): void {
    this.buffer = buffer;
    this.start = 0;
    this.end = bytes;
  }
}

/**
 * @throws SendError unless `message` is an object, and `fields` one that names a topic and, if at
 * all, a possible partition and timestamp
 */
export function checkForward(message: ConsumerMessage, fields: ForwardFields): void {
  const source: unknown = message;
  const place: unknown = fields;
  if (typeof source !== 'object' || source === null) throw notAMessage(source);
  if (typeof place !== 'object' || place === null) {
    throw new SendError(
      `sender.forward(message, fields): fields must be an object { topic, … }, not ${show(place)}`,
    );
  }
  checkPlace(place, isFieldToSend);
  if (!ConsumedRecord.is(source)) checkMade(source);
}

/**
 * Whether there are fields that would be ignored, as `checkFields` of what is sent.
 *
 * @throws SendError for a field that does not exist
 */
export function checkForwardFields(fields: ForwardFields): void {
  checkNames(fields, isFieldToSend);
}

/** What is to be forwarded later: none of its bytes is the caller's. */
export interface OwnForward {
  readonly message: ConsumerMessage;
  readonly fields: ForwardFields;
}

/**
 * Copies what was checked by {@link checkForward}. Of a message that is no view of a record, what
 * is kept goes into the fields.
 *
 * @throws SendError for a field of a wrong type
 */
export function ownForward(message: ConsumerMessage, fields: ForwardFields): OwnForward {
  const isView = ConsumedRecord.is(message);
  const { topic, partition } = fields;
  const { key, value, headers, timestamp } = isView ? fields : filledFrom(message, fields);
  return {
    message: isView ? message.copy() : message,
    fields: {
      topic,
      ...(key === undefined ? {} : { key: toBytes(key, 'key', topic, true) }),
      ...(value === undefined ? {} : { value: toBytes(value, 'value', topic, true) }),
      ...(headers === undefined ? {} : { headers: headerPairs(listHeaders(headers, topic, true)) }),
      ...(partition === undefined ? {} : { partition }),
      ...(timestamp === undefined ? {} : { timestamp }),
    },
  };
}

type Filled = Required<Pick<ForwardFields, 'key' | 'value' | 'headers' | 'timestamp'>>;

function filledFrom(message: ConsumerMessage, fields: ForwardFields): Filled {
  // Defaults, not `??`: null is a value, and where it is wrong it is to be found.
  const {
    key = message.key,
    value = message.value,
    headers = message.headers,
    timestamp = keptTimestamp(message, fields.topic),
  } = fields;
  return { key, value, headers, timestamp };
}

/** Of what is no view of a record, whether it has what a message has. */
function checkMade(message: object): void {
  const { key, value, headers, timestamp } = message as Partial<Record<keyof ConsumerMessage, unknown>>;
  if (key === undefined || value === undefined || headers === undefined || timestamp === undefined)
    throw notAMessage(message);
}

function notAMessage(given: unknown): SendError {
  return new SendError(
    `sender.forward(message, fields): message must be a consumed message, not ${show(given)}`,
  );
}

function keptTimestamp({ timestamp }: ConsumerMessage, topic: string): number {
  if (timestamp !== NO_TIMESTAMP && !isWholeNumber(timestamp))
    throw new SendError(
      `The message has the timestamp ${show(timestamp)}, which cannot be sent (topic '${topic}'): give one`,
    );
  return timestamp;
}
