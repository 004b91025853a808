import { isBatchError, type BatchError } from '../batch-error.ts';
import { causes } from '../kernel/causes.ts';
import { endedByClose } from '../kernel/closed-while-waiting.ts';
import { KasperError } from '../kernel/errors.ts';
import { isRefusedPromise } from '../kernel/refused-promise.ts';
import type { ConsumerMessage } from '../message.ts';
import type { MessageFailure, ProcessContext } from '../message-processor.ts';

/** The name of a message within its batch, which is of one partition; also that of a copy. */
export function placeOf({ topic, offset }: ConsumerMessage): string {
  return `${topic}@${offset}`;
}

/** Whether nothing that could be done now would count: a time limit was passed, or it closes. */
export function isOver(error: unknown, { signal }: ProcessContext): boolean {
  return signal.aborted || endedByClose(error) || (KasperError.is(error) && error.code === 'FENCED');
}

/** The failures of a BatchError; undefined of any other error, which is one of the whole batch. */
export function failuresOf(error: unknown): BatchError['failures'] | undefined {
  return isBatchError(error) ? error.failures : undefined;
}

/** Whether a message failed by itself, and was not only left out because of another one. */
export function failedItself({ notRun }: MessageFailure): boolean {
  return notRun !== true;
}

/** The failures in the order of the batch; those of messages that are not in it come last. */
export function inOrderOf(
  batch: readonly ConsumerMessage[],
  failures: readonly MessageFailure[],
): readonly MessageFailure[] {
  const places = new Map(batch.map((message, at) => [placeOf(message), at]));
  const at = ({ message }: MessageFailure) => places.get(placeOf(message)) ?? batch.length;
  return failures.toSorted((a, b) => at(a) - at(b));
}

/**
 * Whether a message that was not run waits for one of these: it has the key of one, or its error
 * comes of the error of one.
 */
export function isBehind({ message, error }: MessageFailure, earlier: readonly MessageFailure[]): boolean {
  const { key } = message;
  if (key !== null && earlier.some((each) => each.message.key?.equals(key) === true)) return true;
  const errors = new Set(earlier.map((each) => each.error).filter((each) => each instanceof Error));
  for (const cause of causes(error)) if (errors.has(cause as Error)) return true;
  return false;
}

/**
 * Asks a function of the user about an error. One that throws, or is async, has not agreed: the
 * error is what counts, so that is logged.
 */
export function agrees(
  name: string,
  ask: (error: unknown) => boolean,
  error: unknown,
  { logger }: ProcessContext,
): boolean {
  try {
    const answer = ask(error);
    if (!isRefusedPromise(answer)) return answer;
    logger.error(`${name} gave a promise, which is taken for false: it must not be async`);
    return false;
  } catch (thrown) {
    logger.error(`${name} threw, and is taken for false`, { error: thrown });
    return false;
  }
}
