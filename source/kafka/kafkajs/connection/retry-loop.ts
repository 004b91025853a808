import { backoffMs } from '../../../kernel/backoff.ts';
import type { BackoffOptions } from '../../../kernel/backoff.ts';
import { sleep } from '../../../kernel/clock.ts';
import type { Clock } from '../../../kernel/clock.ts';
import type { KasperError } from '../../../kernel/errors.ts';
import type { CallWatch } from './call-watch.ts';
import { LEAST_TRY_MS } from './deadlines.ts';
import type { Trouble, TroubleReports } from '../../trouble.ts';
import { wrapError } from './wrap-error.ts';

/** Waits between attempts, wherever nothing else is said: 50 ms growing to a second. */
export const RETRY_BACKOFF: BackoffOptions = Object.freeze({ initialMs: 50, maxMs: 1_000 });

export interface RetryOptions {
  /**
   * For how long in all, and each attempt for {@link LEAST_TRY_MS}. One that is under way then is
   * given up: what it waits for, such as a broker that takes connections and says nothing, counts.
   * The last error is thrown.
   */
  readonly timeoutMs: number;
  /** What is attempted, for messages. */
  readonly what: string;
  /** As what it is reported while it fails; undefined: by who called it. */
  readonly kind: Trouble['kind'] | undefined;
  readonly backoff?: BackoffOptions;
  /**
   * Aborted, with a KasperError as reason, when its owner is closed: that ends a wait and the
   * attempts immediately.
   */
  readonly signal: AbortSignal;
}

/** Attempts something until it succeeds, fails for good, or the time is over. */
export async function retryLoop<T>(
  { clock, watch, observer }: RetryContext,
  options: RetryOptions,
  attempt: () => Promise<T>,
): Promise<T> {
  const { timeoutMs, what, kind, signal, backoff = RETRY_BACKOFF } = options;
  const began = watch.now();
  const since = clock.now();
  const leftMs = () => timeoutMs - (watch.now() - began);
  let last: KasperError | undefined;
  let trouble: ({ error: KasperError } & Trouble) | undefined;
  const tooLate = () => last ?? watch.tooLate(`${what} did not succeed within ${timeoutMs} ms`);
  try {
    for (let retry = 0; ; retry++) {
      try {
        return await watch.within(Math.max(LEAST_TRY_MS, leftMs()), tooLate, attempt());
      } catch (thrown) {
        signal.throwIfAborted();
        const error = wrapError(thrown, what);
        const waitMs = backoffMs(backoff, retry);
        if (!error.retriable || waitMs > leftMs()) throw error;
        last = error;
        if (trouble !== undefined) trouble.error = error;
        else if (kind !== undefined) {
          trouble = { what, kind, since, givesUpAt: since + timeoutMs, error };
          observer.onTrouble(trouble);
        }
        await sleep(clock, waitMs, signal);
      }
    }
  } finally {
    if (trouble !== undefined) observer.onTroubleOver(trouble);
  }
}

/** Time, and who hears of what fails: a ClusterConnection has both. */
export interface RetryContext {
  readonly clock: Clock;
  readonly watch: CallWatch;
  readonly observer: TroubleReports;
}
