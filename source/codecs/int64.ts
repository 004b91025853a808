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
    const short = shortCount(encoded);
    if (short !== undefined) return short;
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

/** This many digits are never beyond 2^53 - 1. */
const SAFE_DIGITS = 15;

/** A number that is not negative, read without making text of it; undefined where it is something else. */
function shortCount(digits: Buffer): number | undefined {
  const { length } = digits;
  if (length === 0 || length > SAFE_DIGITS) return undefined;
  let value = 0;
  for (let at = 0; at < length; at++) {
    const digit = (digits[at] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value;
}
