import { isBatchError } from './batch-error.ts';
import { LifecycleError } from './kernel/errors.ts';

/** The error with which `context.wait` ends when the processor closes: not a failure of the batch. */
export class ClosedWhileWaiting extends LifecycleError {}

/**
 * Whether an error comes of a wait that the closing processor ended, also where the user's code wrapped it as `cause` or filed it under a message.
 */
export function endedByClose(error: unknown): boolean {
  for (let each = error; each instanceof Error; each = each.cause) {
    if (each instanceof ClosedWhileWaiting) return true;
    if (isBatchError(each)) return each.failures.some((failure) => endedByClose(failure.error));
  }
  return false;
}
