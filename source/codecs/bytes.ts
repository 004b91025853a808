import { CodecError } from '../kernel/errors.ts';
import { checkBytes } from './check-bytes.ts';
import type { Codec } from './codec.ts';

/** Bytes as they are; neither direction makes a copy. */
export const bytes: Codec<Buffer> = Object.freeze({
  encode(value: Buffer): Buffer {
    if (!Buffer.isBuffer(value)) throw new CodecError(`bytes: a Buffer is needed, not ${typeof value}`);
    return value;
  },
  decode(encoded: Buffer): Buffer {
    checkBytes('bytes', encoded);
    return encoded;
  },
});
