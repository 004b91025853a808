import { checkArguments } from './kernel/check-arguments.ts';
import { KasperError } from './kernel/errors.ts';
import { isObject } from './kernel/is-object.ts';
import { unlisted } from './kernel/unlisted.ts';
import { messageOf } from './kernel/thrown-text.ts';
import type { MessageFailure } from './message-processor.ts';

/**
 * Thrown by a processor when some messages of a batch failed and the others are done.
 *
 * What was sent and put before the throw belongs to the done messages and is kept; middleware that
 * retries or writes dead letters acts on the failed ones alone. Without such middleware it fails
 * the batch as any error does.
 *
 * @example throw new BatchError([{ message, error }]);
 */
export class BatchError extends KasperError {
  override readonly code = 'BATCH';
  readonly failures: readonly MessageFailure[];

  /** @throws ConfigError for what is no list of failures, or an empty one */
  constructor(failures: readonly MessageFailure[]) {
    checkFailures(failures);
    const [first] = failures;
    const { topic, partition, offset } = first.message;
    const more = failures.length === 1 ? '' : ` and ${failures.length - 1} more`;
    super(`Failed for ${topic}/${partition} offset ${offset}${more}: ${messageOf(first.error)}`, {
      cause: first.error,
    });
    this.failures = Object.freeze([...failures]);
    unlisted(this, 'failures');
  }
}

function checkFailures(
  failures: unknown,
): asserts failures is readonly [MessageFailure, ...(readonly MessageFailure[])] {
  const isFailure = (each: unknown) => isObject(each) && isObject(each['message']);
  checkArguments('BatchError', [
    Array.isArray(failures) && failures.length > 0 && failures.every(isFailure),
    'it needs a list of at least one failure { message, error }',
    failures,
  ]);
}

/**
 * Whether this is a BatchError, also of another copy of this package, as a job file may bring one.
 */
export function isBatchError(error: unknown): error is BatchError {
  return KasperError.is(error) && error.code === 'BATCH';
}
