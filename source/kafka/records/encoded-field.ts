import type { Headers } from '../../message.ts';
import { ConsumedHeaders } from './consumed-headers.ts';
import { varintAt, varintEnd } from './varint.ts';

/** The position after the field at `at`: its length, -1 for null, and its bytes. */
export function afterField(buffer: Uint8Array, at: number): number {
  const start = varintEnd(buffer, at);
  const length = varintAt(buffer, at);
  return length > 0 ? start + length : start;
}

/** The bytes of the field at `at`, a view of the buffer. */
export function fieldAt(buffer: Buffer, at: number): Buffer | null {
  const length = varintAt(buffer, at);
  if (length < 0) return null;
  const start = varintEnd(buffer, at);
  return buffer.subarray(start, start + length);
}

/** Key, value and headers that lie one behind another from `at` on; views of the buffer. */
export function readFields(
  buffer: Buffer,
  at: number,
): { readonly key: Buffer | null; readonly value: Buffer | null; readonly headers: Headers } {
  const valueAt = afterField(buffer, at);
  return {
    key: fieldAt(buffer, at),
    value: fieldAt(buffer, valueAt),
    headers: ConsumedHeaders.read(buffer, afterField(buffer, valueAt)),
  };
}
