import { backoffMs } from '../../../kernel/backoff.ts';
import type { BackoffOptions } from '../../../kernel/backoff.ts';
import { sleep } from '../../../kernel/clock.ts';
import type { Clock } from '../../../kernel/clock.ts';
import type { KasperError } from '../../../kernel/errors.ts';
import { wrapError } from './wrap-error.ts';

/** Waits between attempts, wherever nothing else is said: 50 ms growing to a second. */
export const RETRY_BACKOFF: BackoffOptions = Object.freeze({ initialMs: 50, maxMs: 1_000 });

export interface RetryOptions {
  /** No new attempt starts later than this after the first one; then the last error is thrown. */
  readonly timeoutMs: number;
  /** What is attempted, for messages. */
  readonly what: string;
  readonly backoff?: BackoffOptions;
  /**
   * Aborted, with a KasperError as reason, when its owner is closed: that ends a wait and the
   * attempts immediately.
   */
  readonly signal: AbortSignal;
}

/** Attempts something until it succeeds, fails for good, or the time is over. */
export async function retryLoop<T>(
  clock: Clock,
  options: RetryOptions,
  attempt: () => Promise<T>,
  onRetry?: (error: KasperError, inMs: number) => void,
): Promise<T> {
  const until = clock.now() + options.timeoutMs;
  for (let retry = 0; ; retry++) {
    try {
      return await attempt();
    } catch (thrown) {
      options.signal.throwIfAborted();
      const error = wrapError(thrown, options.what);
      const waitMs = backoffMs(options.backoff ?? RETRY_BACKOFF, retry);
      if (!error.retriable || clock.now() + waitMs > until) throw error;
      onRetry?.(error, waitMs);
      await sleep(clock, waitMs, options.signal);
    }
  }
}
