import { asError } from './as-error.ts';
import { LONGEST_TIMER_MS } from './duration.ts';
import { ConfigError } from './errors.ts';
import { show } from './shown-value.ts';

/** A timer that can be called off. Calling it off twice, or after it fired, does nothing. */
export interface Timer {
  /** Calls the timer off. */
  cancel(): void;
  /** Lets the process end although the timer has not fired. */
  unref?(): void;
}

/**
 * Time as the library sees it. Passed in, so that specs turn the hands themselves.
 */
export interface Clock {
  /** Milliseconds on a monotonic clock: only differences mean something, and it never jumps. */
  now(): number;
  /**
   * Milliseconds since 1970, as Date.now(): for people and record timestamps, never for waiting.
   */
  wallNow(): number;
  /**
   * Calls `fire` once, `ms` milliseconds from now. The timer keeps the process alive.
   *
   * @throws ConfigError for what is no number, or no function
   */
  after(ms: number, fire: () => void): Timer;
}

/** The clock of this machine. */
export const systemClock: Clock = Object.freeze({
  now: () => performance.now(),
  wallNow: () => Date.now(),
  after(ms: number, fire: () => void): Timer {
    checkTimer(ms, fire);
    let handle: NodeJS.Timeout;
    let isReferenced = true;
    // Longer than one timer can hold: in steps.
    const wait = (leftMs: number) => {
      const stepMs = Math.min(leftMs, LONGEST_TIMER_MS);
      handle = setTimeout(() => {
        if (leftMs > stepMs) wait(leftMs - stepMs);
        else fire();
      }, stepMs);
      if (!isReferenced) handle.unref();
    };
    wait(ms);
    return {
      cancel: () => {
        clearTimeout(handle);
      },
      unref: () => {
        isReferenced = false;
        handle.unref();
      },
    };
  },
});

/**
 * Checks what a clock is asked for. A timer of NaN would fire immediately; below 0 is the rest of a
 * time that is over.
 *
 * @throws ConfigError
 */
export function checkTimer(ms: unknown, fire: unknown): void {
  if (Number.isNaN(ms) || typeof ms !== 'number' || typeof fire !== 'function') throw misfit(ms, fire);
}

function misfit(ms: unknown, fire: unknown): ConfigError {
  const what =
    typeof fire === 'function'
      ? `ms must be a number of milliseconds, not ${show(ms)}`
      : `fire must be a function, not ${show(fire)}`;
  return new ConfigError([what], { what: 'Clock.after' });
}

/**
 * Resolves after `ms`, or rejects with the signal's reason as soon as it is aborted. No timer and
 * no listener is left behind.
 */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(abortReason(signal));
      return;
    }
    const onAbort = () => {
      timer.cancel();
      reject(abortReason(signal));
    };
    const timer = clock.after(ms, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

function abortReason(signal: AbortSignal | undefined): Error {
  return asError(signal?.reason);
}
