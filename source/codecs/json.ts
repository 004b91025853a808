import { isUtf8 } from 'node:buffer';
import { CodecError } from '../kernel/errors.ts';
import { messageOf, textOf } from '../kernel/thrown-text.ts';
import { checkBytes } from './check-bytes.ts';
import type { Codec } from './codec.ts';

/**
 * Values as JSON text in UTF-8. Nothing checks that a decoded value has the type that is asked for.
 *
 * @typeParam Value what JSON.parse returns for what JSON.stringify wrote
 */
export function json<Value>(): Codec<Value> {
  return {
    encode(value: Value): Buffer {
      let text: unknown;
      try {
        text = JSON.stringify(value);
      } catch (cause) {
        throw new CodecError(`json: the value cannot be written as JSON: ${textOf(cause)}`, { cause });
      }
      if (typeof text !== 'string') throw new CodecError(`json: ${typeof value} cannot be written as JSON`);
      return Buffer.from(text);
    },
    decode(encoded: Buffer): Value {
      checkBytes('json', encoded);
      if (!isUtf8(encoded)) throw new CodecError('json: the bytes are not UTF-8');
      try {
        return JSON.parse(encoded.toString()) as Value;
      } catch (cause) {
        throw new CodecError(`json: ${messageOf(cause)}`, { cause });
      }
    },
  };
}
