import { CodecError } from '../kernel/errors.ts';
import { checkBytes } from './check-bytes.ts';
import type { Codec } from './codec.ts';

/**
 * Whole numbers as decimal text, as Go programs write their int64: `-17`. Numbers beyond 2^53 - 1,
 * which JavaScript would round, are an error; keep them as text.
 */
export const int64: Codec<number> = Object.freeze({
  encode(value: number): Buffer {
    if (!Number.isSafeInteger(value)) {
      throw new CodecError(`int64: a whole number of at most 2^53 - 1 is needed, not ${String(value)}`);
    }
    return Buffer.from(String(value));
  },
  decode(encoded: Buffer): number {
    checkBytes('int64', encoded);
    const text = encoded.toString('latin1');
    const value = /^[-+]?\d+$/.test(text) ? Number(text) : Number.NaN;
    if (Number.isSafeInteger(value)) return value === 0 ? 0 : value;
    const shown = JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
    throw new CodecError(
      Number.isNaN(value)
        ? `int64: ${shown} is not a whole number`
        : `int64: ${shown} is beyond 2^53 - 1, so it would be rounded`,
    );
  },
});
