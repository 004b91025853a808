/** An argument of a command, as callers give it. */
export type RedisArgument = string | Buffer | number;

/** Up to this many bytes a loop takes less time than a native call. */
const SHORT = 32;
/** More than the head of an argument and the line ends around it take. */
const MOST_AROUND = 32;
/** `$`, the length, and two ends of lines. */
const ARGUMENT_AROUND = 16;
const NOT_ASCII = -1;
const nothing = Buffer.alloc(0);
/** UTF-8 has no more of them for a UTF-16 unit. */
const MOST_UNIT_BYTES = 3;

const DOLLAR = 0x24;
const STAR = 0x2a;
const ZERO = 0x30;
const CR = 0x0d;
const LF = 0x0a;

/**
 * A command as the server reads it. ioredis joins it of four pieces for each key and value as soon
 * as one value is a Buffer, which takes three times as long, and is most of what a call costs.
 *
 * @see https://redis.io/docs/latest/develop/reference/protocol-spec/#sending-commands-to-a-redis-server
 */
export function commandBytes(name: string, args: readonly RedisArgument[]): Buffer {
  const texts = args.map((arg) => (typeof arg === 'number' ? String(arg) : arg));
  let most = MOST_AROUND * 2 + name.length * MOST_UNIT_BYTES;
  for (const arg of texts)
    most += MOST_AROUND + (typeof arg === 'string' ? arg.length * MOST_UNIT_BYTES : arg.length);
  const out = Buffer.allocUnsafe(most);
  let at = writeHead(out, 0, STAR, texts.length + 1);
  at = writeText(out, at, name);
  for (const arg of texts) at = typeof arg === 'string' ? writeText(out, at, arg) : writeBytes(out, at, arg);
  return out.subarray(0, at);
}

/** Keys with what is put before each, and perhaps a value for each. */
export interface KeyedArguments {
  readonly length: number;
  readonly lists: {
    readonly keys: readonly string[];
    readonly values?: readonly Buffer[] | undefined;
  };
  placeAt(at: number): string;
}

/**
 * The same of keys with something before each: the whole keys are not made, since text that is
 * joined is copied once more before its letters can be read.
 */
export function keyedCommandBytes(name: string, args: KeyedArguments): Buffer {
  const { keys, values } = args.lists;
  let most = MOST_AROUND * 2 + name.length;
  for (let n = 0; n < keys.length; n++) {
    most += ARGUMENT_AROUND + args.placeAt(n).length + (keys[n]?.length ?? 0);
    if (values !== undefined) most += ARGUMENT_AROUND + (values[n]?.length ?? 0);
  }
  const out = Buffer.allocUnsafe(most);
  let at = writeHead(out, 0, STAR, 1 + keys.length * (values === undefined ? 1 : 2));
  at = writeText(out, at, name);
  let place = '';
  let prefix = nothing;
  for (let n = 0; n < keys.length; n++) {
    const placeOfKey = args.placeAt(n);
    if (placeOfKey !== place) {
      place = placeOfKey;
      prefix = Buffer.from(place);
    }
    at = prefix.length === place.length ? writeKey(out, at, { prefix, key: keys[n] ?? '' }) : NOT_ASCII;
    if (at === NOT_ASCII) return commandBytes(name, wholeArguments(args));
    const value = values?.[n];
    if (value !== undefined) at = writeBytes(out, at, value);
  }
  return out.subarray(0, at);
}

/** The arguments one by one: whole keys, each before its value. */
export function wholeArguments(args: KeyedArguments): RedisArgument[] {
  const { keys, values } = args.lists;
  const whole: RedisArgument[] = [];
  for (const [n, key] of keys.entries()) {
    whole.push(args.placeAt(n) + key);
    const value = values?.[n];
    if (value !== undefined) whole.push(value);
  }
  return whole;
}

/** @returns where it ends, or NOT_ASCII: there was room for a byte for each letter */
function writeKey(
  out: Buffer,
  start: number,
  { prefix, key }: { readonly prefix: Buffer; readonly key: string },
): number {
  const { length } = key;
  let at = writeHead(out, start, DOLLAR, prefix.length + length);
  if (prefix.length <= SHORT) for (const byte of prefix) out[at++] = byte;
  else {
    out.set(prefix, at);
    at += prefix.length;
  }
  if (length > SHORT) {
    if (Buffer.byteLength(key) !== length) return NOT_ASCII;
    return writeLineEnd(out, at + out.write(key, at, 'latin1'));
  }
  let bits = 0;
  for (let i = 0; i < length; i++) {
    const unit = key.charCodeAt(i);
    bits |= unit;
    out[at++] = unit;
  }
  return bits < 0x80 ? writeLineEnd(out, at) : NOT_ASCII;
}

function writeText(out: Buffer, start: number, text: string): number {
  const { length } = text;
  if (length <= SHORT) {
    let at = writeHead(out, start, DOLLAR, length);
    let bits = 0;
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i);
      bits |= unit;
      out[at++] = unit;
    }
    if (bits < 0x80) return writeLineEnd(out, at);
  }
  const at = writeHead(out, start, DOLLAR, Buffer.byteLength(text));
  return writeLineEnd(out, at + out.write(text, at));
}

function writeBytes(out: Buffer, start: number, bytes: Buffer): number {
  const { length } = bytes;
  const at = writeHead(out, start, DOLLAR, length);
  if (length <= SHORT) for (let i = 0; i < length; i++) out[at + i] = bytes[i] ?? 0;
  else out.set(bytes, at);
  return writeLineEnd(out, at + length);
}

/** `$12`, or `*3`, and the end of the line. */
function writeHead(out: Buffer, start: number, kind: number, count: number): number {
  let at = start;
  out[at++] = kind;
  if (count < 10) out[at++] = ZERO + count;
  else if (count < 100) {
    out[at++] = ZERO + Math.floor(count / 10);
    out[at++] = ZERO + (count % 10);
  } else at += out.write(String(count), at, 'latin1');
  return writeLineEnd(out, at);
}

function writeLineEnd(out: Buffer, at: number): number {
  out[at] = CR;
  out[at + 1] = LF;
  return at + 2;
}
