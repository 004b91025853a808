/**
 * Turns values into bytes and back.
 *
 * @typeParam Value what the bytes stand for
 */
export interface Codec<Value> {
  /** @throws CodecError for a value that cannot be encoded */
  encode(value: Value): Buffer;
  /** @throws CodecError for bytes that do not hold such a value */
  decode(bytes: Buffer): Value;
}
