import { checkArguments } from './kernel/check-arguments.ts';
import { isObject } from './kernel/is-object.ts';
import type { ConsumerMessage } from './message.ts';

const PREFIX = '__dlq.errors.';

/**
 * The names of the headers that say of a dead letter where it is from, and why. Those that brokers use for what they set aside themselves (KIP-1191),
 * and `group`, `exception`, `stacktrace` and `stage`.
 *
 * @see https://cwiki.apache.org/confluence/display/KAFKA/KIP-1191%3A+Dead-letter+queues+for+share+groups
 */
export const deadLetterHeaders = Object.freeze({
  /** What all of them begin with. */
  prefix: PREFIX,
  topic: `${PREFIX}topic`,
  partition: `${PREFIX}partition`,
  offset: `${PREFIX}offset`,
  group: `${PREFIX}group`,
  deliveryCount: `${PREFIX}delivery.count`,
  message: `${PREFIX}message`,
  exception: `${PREFIX}exception`,
  stacktrace: `${PREFIX}stacktrace`,
  stage: `${PREFIX}stage`,
});

/** Where a dead letter is from, and why it was set aside. What its headers do not say is undefined. */
export interface DeadLetter {
  readonly topic: string | undefined;
  readonly partition: number | undefined;
  readonly offset: number | undefined;
  /** The consumer group of the job that set it aside. */
  readonly group: string | undefined;
  /** How often it was set aside; 0 where it never was. */
  readonly deliveryCount: number;
  /** The text of the error. */
  readonly message: string | undefined;
  /** The code of the error, or its name. */
  readonly exception: string | undefined;
  readonly stacktrace: string | undefined;
  /** `decode` or `process`. */
  readonly stage: string | undefined;
}

/**
 * Reads the headers that {@link deadLetter} writes (`__dlq.errors.…`).
 *
 * @throws ConfigError for what is no message
 * @example if (deadLetterOf(message).exception === 'CODEC') …
 */
export function deadLetterOf(message: ConsumerMessage): DeadLetter {
  checkArguments('deadLetterOf', [
    isObject(message) && isObject((message as Partial<ConsumerMessage>).headers),
    'the message must be a consumed message',
    message,
  ]);
  const { headers } = message;
  const text = (name: string) => headers.get(name)?.toString('utf8');
  return {
    topic: text(deadLetterHeaders.topic),
    partition: wholeNumber(text(deadLetterHeaders.partition)),
    offset: wholeNumber(text(deadLetterHeaders.offset)),
    group: text(deadLetterHeaders.group),
    deliveryCount: wholeNumber(text(deadLetterHeaders.deliveryCount)) ?? 0,
    message: text(deadLetterHeaders.message),
    exception: text(deadLetterHeaders.exception),
    stacktrace: text(deadLetterHeaders.stacktrace),
    stage: text(deadLetterHeaders.stage),
  };
}

/** Of text that somebody else may have written. */
function wholeNumber(text: string | undefined): number | undefined {
  const value = text !== undefined && /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(value) ? value : undefined;
}
