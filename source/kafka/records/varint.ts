/**
 * Varints of the record format: zigzag, seven bits per byte, least significant first. A varint has
 * at most 5 bytes, a varlong 10.
 *
 * Reading is split into value and end, two small functions without state that the compiler inlines;
 * past the end of the buffer both read zeros, so that neither throws nor loops, and the caller
 * checks the end against its limit.
 *
 * @see https://kafka.apache.org/documentation/#record
 * @see https://protobuf.dev/programming-guides/encoding/#varints
 */

/** The longest form of a varint. */
export const MAX_VARINT_BYTES = 5;
/** The longest form of a varlong. */
export const MAX_VARLONG_BYTES = 10;

/** The position after the varint or varlong at `at`. */
export function varintEnd(buffer: Uint8Array, at: number): number {
  let end = at;
  while ((buffer[end++] ?? 0) >= 0x80);
  return end;
}

/** The 32-bit number at `at`. */
export function varintAt(buffer: Uint8Array, at: number): number {
  let position = at;
  let byte = buffer[position++] ?? 0;
  let raw = byte & 0x7f;
  for (let shift = 7; byte >= 0x80 && shift < 35; shift += 7) {
    byte = buffer[position++] ?? 0;
    raw |= (byte & 0x7f) << shift;
  }
  return (raw >>> 1) ^ -(raw & 1);
}

/** The 64-bit number at `at` as a double: rounded beyond 2^53. */
export function varlongAt(buffer: Uint8Array, at: number): number {
  if (varintEnd(buffer, at) - at < MAX_VARINT_BYTES) return varintAt(buffer, at);
  let raw = 0;
  let factor = 1;
  let position = at;
  let byte: number;
  do {
    byte = buffer[position++] ?? 0;
    raw += (byte & 0x7f) * factor;
    factor *= 128;
  } while (byte >= 0x80 && position < at + MAX_VARLONG_BYTES);
  const odd = ((buffer[at] ?? 0) & 1) === 1;
  return odd ? -(raw + 1) / 2 : raw / 2;
}

/** Bytes of a 32-bit number as a varint. */
export function varintBytes(value: number): number {
  const raw = ((value << 1) ^ (value >> 31)) >>> 0;
  if (raw < 0x80) return 1;
  if (raw < 0x4000) return 2;
  if (raw < 0x20_0000) return 3;
  return raw < 0x1000_0000 ? 4 : 5;
}

/** Writes a 32-bit number and returns the position after it. */
export function writeVarint(buffer: Uint8Array, value: number, at: number): number {
  let raw = ((value << 1) ^ (value >> 31)) >>> 0;
  let position = at;
  while (raw >= 0x80) {
    buffer[position++] = (raw & 0x7f) | 0x80;
    raw >>>= 7;
  }
  buffer[position++] = raw;
  return position;
}

/** Bytes of a whole number as a varlong; exact up to 2^52 on either side of zero. */
export function varlongBytes(value: number): number {
  if (value === (value | 0)) return varintBytes(value);
  let raw = zigzag(value);
  let bytes = 1;
  while (raw >= 0x80) {
    raw = Math.floor(raw / 128);
    bytes++;
  }
  return bytes;
}

/**
 * Writes a whole number and returns the position after it; exact up to 2^52 on either side of zero.
 */
export function writeVarlong(buffer: Uint8Array, value: number, at: number): number {
  if (value === (value | 0)) return writeVarint(buffer, value, at);
  let raw = zigzag(value);
  let position = at;
  while (raw >= 0x80) {
    buffer[position++] = (raw % 128) | 0x80;
    raw = Math.floor(raw / 128);
  }
  buffer[position++] = raw;
  return position;
}

function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}
