import { inspect } from 'node:util';
import { ConfigError } from '../../kernel/errors.ts';
import type { HeadersInit, HeaderValue } from '../../message.ts';
import { varintBytes, writeVarint } from './varint.ts';

/** Headers of one record, ready to be written. */
export interface OutgoingHeaders {
  /** Names and values in turn. */
  readonly fields: readonly HeaderValue[];
  /** Bytes of the encoded headers, their count included. */
  readonly bytes: number;
}

/** A count of 0 takes one byte. */
const noHeaders: OutgoingHeaders = Object.freeze({ fields: Object.freeze([]), bytes: 1 });

/**
 * Lists the headers in the order in which they are to be sent, and measures them.
 *
 * @throws ConfigError that names the header whose value is neither bytes nor text nor null
 */
export function outgoingHeaders(init: HeadersInit | undefined): OutgoingHeaders {
  if (init === undefined) return noHeaders;
  const fields: HeaderValue[] = [];
  let bytes = 0;
  const add = (name: unknown, value: unknown) => {
    if (typeof name !== 'string') throw badHeader(`a header name must be text, not ${inspect(name)}`);
    if (!isHeaderValue(value)) {
      throw badHeader(`header ${JSON.stringify(name)} must be a Buffer, text or null, not ${inspect(value)}`);
    }
    fields.push(name, value);
    bytes += fieldBytes(name) + fieldBytes(value);
  };
  if (isPairs(init)) {
    for (const [name, value] of init) add(name, value);
  } else {
    for (const [name, value] of Object.entries(init)) {
      if (Array.isArray(value)) for (const one of value as readonly unknown[]) add(name, one);
      else add(name, value);
    }
  }
  return fields.length === 0 ? noHeaders : { fields, bytes: bytes + varintBytes(fields.length / 2) };
}

/** Writes the headers and returns the position after them. */
export function writeHeaders(buffer: Buffer, headers: OutgoingHeaders, start: number): number {
  let at = writeVarint(buffer, headers.fields.length / 2, start);
  for (const field of headers.fields) at = writeField(buffer, field, at);
  return at;
}

/** Bytes of a field with its length before it. */
export function fieldBytes(field: HeaderValue): number {
  if (field === null) return 1;
  const length = typeof field === 'string' ? Buffer.byteLength(field) : field.length;
  return varintBytes(length) + length;
}

/** Writes a field with its length before it and returns the position after it. */
export function writeField(buffer: Buffer, field: HeaderValue, start: number): number {
  if (field === null) return writeVarint(buffer, -1, start);
  if (typeof field === 'string') {
    const at = writeVarint(buffer, Buffer.byteLength(field), start);
    return at + buffer.write(field, at, 'utf8');
  }
  const at = writeVarint(buffer, field.length, start);
  buffer.set(field, at);
  return at + field.length;
}

function isHeaderValue(value: unknown): value is HeaderValue {
  return value === null || typeof value === 'string' || value instanceof Uint8Array;
}

function isPairs(init: HeadersInit): init is Iterable<readonly [name: string, value: HeaderValue]> {
  return Symbol.iterator in init;
}

function badHeader(problem: string): ConfigError {
  return new ConfigError([problem], { what: 'Record to send' });
}
