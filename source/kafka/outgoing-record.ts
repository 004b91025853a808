import type { OutgoingRecord } from './sink.ts';
import { SendError } from '../kernel/errors.ts';
import { keepRawName, rawNameOf } from '../kernel/raw-names.ts';
import { show } from '../kernel/shown-value.ts';
import { topicNameProblem } from '../kernel/topic-name.ts';
import { unknownName } from '../kernel/unknown-name.ts';
import type { ConsumerMessage, HeadersInit, HeaderValue, ProducerMessage } from '../message.ts';

/** Of all records without headers. */
const NO_HEADERS: readonly HeaderValue[] = Object.freeze([]);

/**
 * @throws SendError unless `message` is an object that names a topic and, if at all, a possible
 * partition and timestamp
 */
export function checkMessage(message: ProducerMessage): void {
  const given: unknown = message;
  if (typeof given !== 'object' || given === null)
    throw new SendError(`A record must be an object { topic, key, value }, not ${show(given)}`);
  checkPlace(given, isField);
  if ((given as { readonly value?: unknown }).value === undefined) {
    checkFields(message);
    throw new SendError(
      `value is missing (topic '${message.topic}'): give bytes or text, or null for a tombstone`,
    );
  }
}

/**
 * What decides where and when a record is, with the same rules for all that is sent.
 *
 * @throws SendError for a topic, partition or timestamp that cannot be
 */
export function checkPlace(fields: object, isKnown: (name: string) => boolean): void {
  const { topic, partition, timestamp } = fields as Partial<Record<keyof ProducerMessage, unknown>>;
  if (typeof topic !== 'string' || topic === '') {
    checkNames(fields, isKnown);
    throw new SendError(`topic must be the name of a topic, not ${show(topic)}`);
  }
  if (partition !== undefined && !isWholeNumber(partition)) {
    throw new SendError(
      `partition must be 0, 1, 2, … or left out, not ${show(partition)} (topic '${topic}')`,
    );
  }
  if (timestamp !== undefined && timestamp !== NO_TIMESTAMP && !isWholeNumber(timestamp)) {
    throw new SendError(
      `timestamp must be whole milliseconds since 1970, or -1 for none, not ${show(timestamp)} (topic '${topic}')`,
    );
  }
}

/** What a record to send may have, for messages; {@link isFieldToSend} knows them too. */
const FIELDS = [
  'topic',
  'key',
  'value',
  'headers',
  'partition',
  'timestamp',
] satisfies readonly (keyof ProducerMessage)[];

/** Names are compared one by one, as V8 has each once: a Set would take three times as long. */
export function isFieldToSend(name: string): boolean {
  switch (name as keyof ProducerMessage) {
    case 'topic':
    case 'key':
    case 'value':
    case 'headers':
    case 'partition':
    case 'timestamp':
      return true;
    default:
      return false;
  }
}

/** Also what a consumed message, sent on as a plain object, has besides; these are made anew. */
function isField(name: string): boolean {
  if (isFieldToSend(name)) return true;
  switch (name as keyof ConsumerMessage) {
    case 'offset':
    case 'keyText':
    case 'valueText':
    case 'bytes':
      return true;
    default:
      return false;
  }
}

/**
 * Whether a record has fields that would be ignored. To look through the names of its fields takes
 * some 9 ns.
 *
 * @throws SendError for a field that does not exist
 */
export function checkFields(message: ProducerMessage): void {
  checkNames(message, isField);
}

/** As {@link checkFields}, with what says which names are known. */
export function checkNames(fields: object, isKnown: (name: string) => boolean): void {
  for (const name in fields)
    if (!isKnown(name)) {
      const { topic } = fields as { readonly topic?: unknown };
      throw new SendError(`${unknownName('field', name, FIELDS)} (topic ${show(topic)})`);
    }
}

/** @throws SendError for what no topic can be named; the sink knows those that exist */
export function checkTopicName(topic: string): void {
  const problem = topicNameProblem(topic);
  if (problem !== undefined) throw new SendError(problem);
}

/** A consumed record without a timestamp has this one; sent on, it gets the time of now. */
export const NO_TIMESTAMP = -1;

/** Whether a value may be an offset, a partition or a timestamp. */
export function isWholeNumber(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/**
 * The bytes of a message that was checked. One is used for many messages, unless it has to wait; it
 * is a class, not a literal, since of a literal that lived long once V8 makes all later ones in old
 * space. There each would keep its key and value until the next full collection, which costs more
 * than all else that is done to send a record.
 */
export class SentRecord implements OutgoingRecord {
  key: Uint8Array | null = null;
  value: Uint8Array | null = null;
  headers: readonly HeaderValue[] = NO_HEADERS;
  timestamp = 0;
  /** In the object from the start, so that measuring it adds no property. */
  bytes = 0;

  /**
   * Becomes this message. With `own`, none of the bytes is the caller's, who may reuse its buffers
   * before they are encoded.
   *
   * @throws SendError for a key, value or header of a wrong type; what it holds then means nothing
   */
  take(message: ProducerMessage, wallNow: () => number, own: boolean): this {
    const { topic, key, value, headers, timestamp } = message;
    this.key = key === undefined ? null : toBytes(key, 'key', topic, own);
    this.value = toBytes(value, 'value', topic, own);
    this.headers = headers === undefined ? NO_HEADERS : listHeaders(headers, topic, own);
    this.timestamp = timestamp === undefined || timestamp === NO_TIMESTAMP ? wallNow() : timestamp;
    return this;
  }
}

/** The headers of a record, as a message may have them. */
export function headerPairs(
  headers: OutgoingRecord['headers'],
): (readonly [name: string, value: HeaderValue])[] {
  const pairs: (readonly [string, HeaderValue])[] = [];
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at];
    const value = headers[at + 1] ?? null;
    if (name instanceof Uint8Array) {
      const pair = [Buffer.from(name).toString(), value] as const;
      keepRawName(pair, name);
      pairs.push(pair);
    } else pairs.push([name ?? '', value]);
  }
  return pairs;
}

/** @throws SendError for a value of a wrong type, called `what` */
export function toBytes(value: unknown, what: string, topic: string, own: boolean): Uint8Array | null {
  if (typeof value === 'string') return Buffer.from(value, 'utf8');
  if (value === null) return value;
  if (value instanceof Uint8Array) return own ? Buffer.from(value) : value;
  throw new SendError(
    `${what} must be a Buffer, text or null, not ${show(value)} (topic '${topic}'): encode it first`,
  );
}

/**
 * Names and values in turn; a name is text, or bytes where they were kept beside its pair. Read
 * once: an iterator such as `map.entries()` is empty the second
 * time.
 *
 * @throws SendError for a name or value of a wrong type
 */
export function listHeaders(headers: HeadersInit, topic: string, own: boolean): HeaderValue[] {
  const given: unknown = headers;
  if (typeof given !== 'object' || given === null) {
    throw new SendError(
      `headers must be an object or name-value pairs, not ${show(given)} (topic '${topic}')`,
    );
  }
  const fields: HeaderValue[] = [];
  if (Symbol.iterator in given) {
    for (const pair of given as Iterable<unknown>) {
      if (!Array.isArray(pair))
        throw new SendError(`headers: ${show(pair)} is not a name-value pair (topic '${topic}')`);
      const [name, value] = pair as readonly unknown[];
      if (typeof name !== 'string')
        throw new SendError(`headers: a name must be text, not ${show(name)} (topic '${topic}')`);
      fields.push(rawNameOf(pair) ?? name, toHeaderValue(name, value, topic, own));
    }
  } else {
    for (const [name, value] of Object.entries(given)) {
      if (Array.isArray(value))
        for (const each of value as readonly unknown[])
          fields.push(name, toHeaderValue(name, each, topic, own));
      else fields.push(name, toHeaderValue(name, value, topic, own));
    }
  }
  return fields;
}

function toHeaderValue(name: string, value: unknown, topic: string, own: boolean): HeaderValue {
  if (value === null || typeof value === 'string') return value;
  if (value instanceof Uint8Array) return own ? Buffer.from(value) : value;
  throw new SendError(
    `header '${name}' must be a Buffer, text or null, not ${show(value)} (topic '${topic}'): encode it first`,
  );
}
