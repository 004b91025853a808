import { inspect } from 'node:util';
import { ConfigError } from '../../kernel/errors.ts';
import type { HeadersInit, HeaderValue } from '../../message.ts';
import { varintBytes, writeVarint } from './varint.ts';

/** Lists names and values in turn, in the order in which they are to be sent. */
export function listHeaders(init: HeadersInit | undefined): readonly HeaderValue[] {
  if (init === undefined) return [];
  const fields: HeaderValue[] = [];
  if (isPairs(init)) {
    for (const [name, value] of init) fields.push(name, value);
  } else {
    for (const [name, value] of Object.entries(init)) {
      if (Array.isArray(value)) for (const one of value as readonly HeaderValue[]) fields.push(name, one);
      else fields.push(name, value as HeaderValue);
    }
  }
  return fields;
}

/**
 * Bytes of encoded headers, their count included.
 *
 * @param fields names and values in turn
 * @throws ConfigError that names the header whose value is neither bytes nor text nor null
 */
export function headersBytes(fields: readonly HeaderValue[]): number {
  let bytes = varintBytes(fields.length / 2);
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at];
    const value = fields[at + 1];
    if (typeof name !== 'string' && !(name instanceof Uint8Array))
      throw badHeader(`a header name must be text, not ${inspect(name)}`);
    if (!isHeaderValue(value))
      throw badHeader(
        `header ${JSON.stringify(String(name))} must be a Buffer, text or null, not ${inspect(value)}`,
      );
    bytes += fieldBytes(name) + fieldBytes(value);
  }
  return bytes;
}

/** Writes the headers and returns the position after them. */
export function writeHeaders(buffer: Buffer, fields: readonly HeaderValue[], start: number): number {
  let at = writeVarint(buffer, fields.length / 2, start);
  // By index: most records have no headers, and an iterator would be made for each of them.
  for (let i = 0; i < fields.length; i += 2) {
    at = writeField(buffer, fields[i] ?? null, at);
    at = writeField(buffer, fields[i + 1] ?? null, at);
  }
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
