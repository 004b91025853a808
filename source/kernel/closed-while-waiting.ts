import { causes } from './causes.ts';
import { KasperError, LifecycleError } from './errors.ts';
import { isObject } from './is-object.ts';

/**
 * The error with which `context.wait` ends when the processor closes: not a failure of the batch.
 */
export class ClosedWhileWaiting extends LifecycleError {}

/**
 * Whether an error comes of a wait that the closing processor ended. The user's code may have
 * wrapped it as a `cause`, or put it beside a message in a BatchError.
 */
export function endedByClose(error: unknown): boolean {
  for (const cause of causes(error, { and: errorsOfMessages }))
    if (cause instanceof ClosedWhileWaiting) return true;
  return false;
}

/**
 * The errors that a BatchError has for its messages; another copy of this package may have made it.
 */
function errorsOfMessages(error: unknown): readonly unknown[] {
  if (!KasperError.is(error) || error.code !== 'BATCH') return [];
  const failures: unknown = 'failures' in error ? error.failures : undefined;
  return Array.isArray(failures)
    ? failures.map((failure: unknown) => (isObject(failure) ? failure['error'] : undefined))
    : [];
}
