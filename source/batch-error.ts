import { KasperError } from './kernel/errors.ts';
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

  /** @throws TypeError if there are no failures */
  constructor(failures: readonly MessageFailure[]) {
    const first = failures[0];
    if (first === undefined)
      throw new TypeError('A BatchError needs at least one failure: { message, error }');
    const { topic, partition, offset } = first.message;
    const more = failures.length === 1 ? '' : ` and ${failures.length - 1} more`;
    super(`Failed for ${topic}/${partition} offset ${offset}${more}: ${messageOf(first.error)}`, {
      cause: first.error,
    });
    this.failures = Object.freeze([...failures]);
  }
}

/**
 * Whether this is a BatchError, also of another copy of this package, as a job file may bring one.
 */
export function isBatchError(error: unknown): error is BatchError {
  return KasperError.is(error) && error.code === 'BATCH';
}
