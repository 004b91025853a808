/**
 * Turns values into bytes and back.
 *
 * @typeParam Value what the bytes stand for
 */
export interface Codec<Value> {
  /** @throws CodecError for a value that has no bytes */
  encode(value: Value): Buffer;
  /** @throws CodecError for bytes that are no such value */
  decode(bytes: Buffer): Value;
}
