import { isUtf8 } from 'node:buffer';
import { CodecError } from '../kernel/errors.ts';
import { checkBytes } from './check-bytes.ts';
import type { Codec } from './codec.ts';

/**
 * Text as UTF-8. Bytes that are not UTF-8 are an error, and so is text with half a surrogate pair,
 * which has no UTF-8.
 */
export const string: Codec<string> = Object.freeze({
  encode(value: string): Buffer {
    if (typeof value !== 'string') throw new CodecError(`string: a string is needed, not ${typeof value}`);
    if (/\p{Surrogate}/u.test(value)) throw new CodecError('string: the text has half a surrogate pair');
    return Buffer.from(value);
  },
  decode(encoded: Buffer): string {
    checkBytes('string', encoded);
    if (!isUtf8(encoded)) throw new CodecError('string: the bytes are not UTF-8');
    return encoded.toString();
  },
});
