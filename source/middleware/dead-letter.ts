import { isBatchError, type BatchError } from '../batch-error.ts';
import { causes, suppressedBy } from '../kernel/causes.ts';
import { checkOptionNames } from '../kernel/check-option-names.ts';
import { ConfigError, LifecycleError } from '../kernel/errors.ts';
import { isRefusedPromise } from '../kernel/refused-promise.ts';
import { show } from '../kernel/shown-value.ts';
import { topicNameProblem } from '../kernel/topic-name.ts';
import type { ConsumerMessage } from '../message.ts';
import type { MessageFailure, ProcessContext, ProcessFunction } from '../message-processor.ts';
import { ownSender, type Sender } from '../sender.ts';
import { sendDeadLetter } from './dead-letter-record.ts';
import { agrees, failedItself, isOver, placeOf } from './failed-messages.ts';
import type { Middleware } from './middleware.ts';
import { withInfo, type NeededTopic } from './middleware-info.ts';
import { isOutage } from './outage.ts';

/** Options of {@link deadLetter}. */
export interface DeadLetterOptions {
  /** The dead-letter topic of an input topic. Default `(topic) => topic + '.dlq'`. */
  readonly topic?: (topic: string) => string;
  /**
   * Whether a message that failed with this error is to be set aside. Default: unless the error, or
   * one of its causes, is a `retriable` KasperError, an abort, a network error by its code, or how
   * ioredis and the client of Elasticsearch say that their server is away: an outage is not the
   * message's fault. Not asked when the processor closes or a time limit was passed.
   */
  readonly when?: (error: unknown) => boolean;
  /**
   * In a batch of 10 messages or more, nothing is set aside when more than this share of it failed by
   * themselves, above 0 to 1. Default 0.5.
   */
  readonly maxShare?: number;
  /** Of an error's stack, this many bytes are kept in the dead letter. Default 8,192. */
  readonly maxStackBytes?: number;
  /**
   * Creates dead-letter topics that are missing at the start (CreateTopics), with the number of
   * partitions of their input topic and `retention.ms=-1`. Default false: a missing one is a ConfigError.
   */
  readonly create?: boolean;
}

/** A share of fewer messages says little. */
const LEAST_BATCH = 10;
const SUFFIX = '.dlq';

/**
 * Sets messages aside that failed in a batch whose others are done, as `eachMessage` names them by a
 * BatchError: sends them to a dead-letter topic, waits for the acks, and then calls `process` with
 * the messages that were not run because of them. Then the batch counts as processed.
 *
 * A dead letter has key, value, timestamp and headers of its message byte for byte, and headers
 * `__dlq.errors.…` that say where it is from and why it failed.
 *
 * Every other error passes: one of the whole batch, which has no culprit; a BatchError with a failure
 * that `when` does not admit; one with more failures than `maxShare`; and the original error where
 * the dead letters cannot be written, with the reason in its `suppressed`. Dead letters are durable
 * before the batch is: where it fails later, they are written again when it is reprocessed.
 *
 * @throws ConfigError for an unknown option, or a value that makes no sense
 * @example middleware: [deadLetter({ create: true }), retry()]
 */
export function deadLetter(options: DeadLetterOptions = {}): Middleware {
  const checked = check(options);
  const topics = (inputTopics: readonly string[]): NeededTopic[] =>
    inputTopics.map((like) => ({
      topic: checked.topic(like),
      like,
      create: checked.create,
      creator: 'deadLetter({ create: true })',
    }));
  return withInfo(
    { name: 'deadLetter', check: ({ inputTopics }) => topicProblems(inputTopics, checked.topic), topics },
    (next) => (messages, sender, context) =>
      new SetAside({ next, sender, context, options: checked }, messages).run(),
  );
}

interface SetAsideOptions {
  readonly next: ProcessFunction;
  readonly sender: Sender;
  readonly context: ProcessContext;
  readonly options: Required<DeadLetterOptions>;
}

/** One batch, in as many rounds as messages turn out to fail that were not run before. */
class SetAside {
  readonly #options: SetAsideOptions;
  readonly #batch: readonly ConsumerMessage[];
  /** Messages that failed by themselves, in all rounds. */
  #failed = 0;

  constructor(options: SetAsideOptions, batch: readonly ConsumerMessage[]) {
    this.#options = options;
    this.#batch = batch;
  }

  async run(): Promise<void> {
    const { next, sender, context } = this.#options;
    let messages = this.#batch;
    while (messages.length > 0) {
      try {
        await next(messages, sender, context);
        return;
      } catch (error) {
        if (!isBatchError(error) || !this.#admits(error)) throw error;
        await this.#write(error);
        const left = new Set(
          error.failures.filter((each) => !failedItself(each)).map(({ message }) => placeOf(message)),
        );
        messages = this.#batch.filter((message) => left.has(placeOf(message)));
      }
    }
  }

  #admits(error: BatchError): boolean {
    const { context, options } = this.#options;
    if (isOver(error, context)) return false;
    const failed = error.failures.filter(failedItself);
    this.#failed += failed.length;
    if (failed.length === 0) return false;
    if (!failed.every((each) => agrees('when of deadLetter', options.when, each.error, context)))
      return false;
    const { length } = this.#batch;
    if (length < LEAST_BATCH || this.#failed <= options.maxShare * length) return true;
    context.logger.warn('More of a batch failed than deadLetter sets aside: nothing more is set aside', {
      failed: this.#failed,
      of: length,
      maxShare: options.maxShare,
    });
    return false;
  }

  async #write(error: BatchError): Promise<void> {
    const { sender, context } = this.#options;
    const failed = error.failures.filter(failedItself);
    const own = ownSender(context, sender);
    try {
      for (const failure of failed) await this.#send(own, failure);
      await own.flush();
    } catch (reason) {
      own.discard?.();
      context.logger.error('Dead letters could not be written', { messages: failed.length, error: reason });
      error.suppressed.push(reason);
      throw error;
    }
    context.tally('dead_lettered', failed.length);
    const [first] = failed;
    if (first === undefined) return;
    const { topic, offset } = first.message;
    const said = { messages: failed.length, topic: this.#options.options.topic(topic), from: topic, offset };
    context.logger.warn('Set aside as dead letters', { ...said, error: first.error });
  }

  async #send(own: Sender, failure: MessageFailure): Promise<void> {
    const { context, options } = this.#options;
    const { maxStackBytes } = options;
    const topic = options.topic(failure.message.topic);
    const target = { topic, groupId: context.groupId, maxStackBytes };
    try {
      sendDeadLetter(own, failure, target);
    } catch (error) {
      // The buffer is full: what is in it goes first.
      if (!(error instanceof LifecycleError)) throw error;
      await own.flush();
      sendDeadLetter(own, failure, target);
    }
  }
}

function toDlq(topic: string): string {
  return topic + SUFFIX;
}

/** Whether it can be the message's own fault. */
function isPoison(error: unknown): boolean {
  for (const cause of causes(error, { and: suppressedBy })) if (isOutage(cause)) return false;
  return true;
}

function topicProblems(inputTopics: readonly string[], topicOf: (topic: string) => string): string[] {
  return inputTopics.flatMap((input) => {
    if (topicOf === toDlq && input.endsWith(SUFFIX))
      return [
        `the dead letters of '${input}' would end up in '${toDlq(input)}': give deadLetter the option topic, such as { topic: () => 'parked' }`,
      ];
    const topic: unknown = topicOf(input);
    if (isRefusedPromise(topic))
      return [
        `topic of deadLetter gave a promise for '${input}': it must give the name, so it must not be async`,
      ];
    const problem = topicNameProblem(topic);
    if (problem !== undefined) return [`topic of deadLetter, for '${input}': ${problem}`];
    return inputTopics.some((each) => each === topic)
      ? [`the dead letters of '${input}' would be input again: '${String(topic)}' is one of inputTopics`]
      : [];
  });
}

function check(options: DeadLetterOptions): Required<DeadLetterOptions> {
  checkOptionNames('deadLetter', options, ['topic', 'when', 'maxShare', 'maxStackBytes', 'create']);
  const { topic = toDlq, when = isPoison, maxShare = 0.5, maxStackBytes = 8_192, create = false } = options;
  const problems: string[] = [];
  for (const [name, value] of Object.entries({ topic, when }))
    if (typeof value !== 'function') problems.push(`${name} must be a function, not ${show(value)}`);
  if (typeof maxShare !== 'number' || !(maxShare > 0 && maxShare <= 1))
    problems.push(`maxShare must be a number above 0, at most 1, not ${show(maxShare)}`);
  if (!Number.isSafeInteger(maxStackBytes) || maxStackBytes < 0)
    problems.push(`maxStackBytes must be a whole number of bytes, at least 0, not ${show(maxStackBytes)}`);
  if (typeof create !== 'boolean') problems.push(`create must be true or false, not ${show(create)}`);
  if (problems.length > 0) throw new ConfigError(problems, { what: 'deadLetter' });
  return { topic, when, maxShare, maxStackBytes, create };
}
