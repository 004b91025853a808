import { afterTurning } from '../../source/kernel/after-turning.ts';
import { asError } from '../../source/kernel/as-error.ts';
import { systemClock, type Timer } from '../../source/kernel/clock.ts';
import { TimeoutError } from '../../source/kernel/errors.ts';

/** When a call of a store must end. */
export interface CallLimits {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** Tells the work of a call that its limits are reached: nobody waits for it any more. */
export class CallEnd {
  #controller: AbortController | undefined;
  #isReached = false;
  #reason: unknown;
  /** Called when the limits are reached; one listener, since each call has its own end. */
  onReached: (() => void) | undefined;

  get isReached(): boolean {
    return this.#isReached;
  }

  /**
   * The same as a signal. Made when it is first used: it costs more than all the rest of a small
   * call.
   */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#isReached) this.#controller.abort(this.#reason);
    return this.#controller.signal;
  }

  reach(reason: unknown): void {
    this.#isReached = true;
    this.#reason = reason;
    this.#controller?.abort(reason);
    this.onReached?.();
  }
}

/**
 * Runs `work` and ends with it or with its limits, whichever comes first: no call waits forever for
 * a server that does not answer. Time in which the event loop does not turn is not the server's.
 * What `work` does after that is not awaited; the CallEnd that it is given tells it to stop.
 *
 * @throws TimeoutError after `timeoutMs`; the reason of `signal` when that is aborted; what `work`
 * throws
 */
export async function withinLimits<Result>(
  { timeoutMs, signal }: CallLimits,
  work: (end: CallEnd) => Promise<Result>,
): Promise<Result> {
  signal?.throwIfAborted();
  const end = new CallEnd();
  let timer: Timer | undefined;
  let onAbort: (() => void) | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    const reach = (reason: unknown) => {
      // This comes first; otherwise the error that `work` throws because of the signal might be
      // taken as the outcome.
      reject(asError(reason));
      end.reach(reason);
    };
    timer = afterTurning(systemClock, timeoutMs, () => {
      reach(new TimeoutError(`no answer within timeoutMs (${timeoutMs} ms)`, { retriable: true }));
    });
    if (signal === undefined) return;
    onAbort = () => {
      reach(signal.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work(end), limit]);
  } finally {
    timer?.cancel();
    if (onAbort !== undefined) signal?.removeEventListener('abort', onAbort);
  }
}
