import type { Codec } from './codecs/codec.ts';
import { checkArguments } from './kernel/check-arguments.ts';
import { CodecError } from './kernel/errors.ts';
import { hasMethods, isObject } from './kernel/is-object.ts';
import { messageOf } from './kernel/thrown-text.ts';
import { topicNameProblem } from './kernel/topic-name.ts';
import type { ConsumerMessage, ProducerMessage } from './message.ts';

/** A topic whose values have a type: its name, and the codec of its values. */
export interface TypedTopic<Value> {
  readonly name: string;
  readonly codec: Codec<Value>;
  /**
   * A record of this topic, for `sender.send`. A value of null is a tombstone.
   *
   * @throws CodecError for a value that the codec does not take
   */
  message(key: string | Uint8Array | null, value: Value | null, more?: TypedTopicFields): ProducerMessage;
  /**
   * The value of a record of this topic.
   *
   * @throws CodecError, with the record's offset, for bytes that hold no such value, and for a
   *   tombstone, which has no value: look at `message.value` first where there may be some
   */
  decode(message: ConsumerMessage): Value;
}

/** What else a record may have. */
export type TypedTopicFields = Pick<ProducerMessage, 'headers' | 'partition' | 'timestamp'>;

/**
 * Gives a topic the type of its values. Make it once, beside the code that uses it.
 *
 * @throws ConfigError for what is no topic's name, or no codec
 * @example
 * const refunds = topic('refunds', json<Refund>());
 * sender.send(refunds.message('ann', { amount: 20 }));
 * for (const message of messages) book(refunds.decode(message));
 */
export function topic<Value>(name: string, codec: Codec<Value>): TypedTopic<Value> {
  const problem = topicNameProblem(name);
  checkArguments(
    'topic',
    [problem === undefined, `the name ${problem ?? ''}`, name],
    [isCodec(codec), 'the codec must have encode and decode, as json() has', codec],
  );
  return Object.freeze({
    name,
    codec,
    message: (key: string | Uint8Array | null, value: Value | null, more: TypedTopicFields = {}) => ({
      ...more,
      topic: name,
      key,
      value: value === null ? null : codec.encode(value),
    }),
    decode: (message: ConsumerMessage) => decode(codec, message),
  });
}

function decode<Value>(codec: Codec<Value>, message: ConsumerMessage): Value {
  const { value } = message;
  const at = () => `${message.topic}/${message.partition} offset ${message.offset}`;
  if (value === null)
    throw new CodecError(`${at()} is a tombstone, which has no value to decode: look at message.value first`);
  try {
    return codec.decode(value);
  } catch (cause) {
    throw new CodecError(`${at()} could not be decoded: ${messageOf(cause)}`, { cause });
  }
}

function isCodec(codec: unknown): boolean {
  return isObject(codec) && hasMethods(codec, ['encode', 'decode']);
}
