import type { Headers } from '../../message.ts';
import type { ViewedBytes } from './batch-view.ts';
import { ConsumedHeaders } from './consumed-headers.ts';
import { varintAt, varintEnd } from './varint.ts';

/** The position after the field at `at`: its length, -1 for null, and its bytes. */
export function afterField(buffer: Uint8Array, at: number): number {
  const start = varintEnd(buffer, at);
  const length = varintAt(buffer, at);
  return length > 0 ? start + length : start;
}

/** The bytes of the field at `at`, a view of those of its batch. */
export function fieldAt(batch: ViewedBytes, at: number): Buffer | null {
  const { buffer } = batch;
  const length = varintAt(buffer, at);
  return length < 0 ? null : batch.bytes(varintEnd(buffer, at), length);
}

/** Key, value and headers that lie one behind another from `at` on; views of the buffer. */
export function readFields(
  buffer: Buffer,
  at: number,
): { readonly key: Buffer | null; readonly value: Buffer | null; readonly headers: Headers } {
  const batch: ViewedBytes = {
    buffer,
    bytes: (start, length) => buffer.subarray(start, start + length),
  };
  const valueAt = afterField(buffer, at);
  return {
    key: fieldAt(batch, at),
    value: fieldAt(batch, valueAt),
    headers: ConsumedHeaders.read(batch, afterField(buffer, valueAt)),
  };
}
