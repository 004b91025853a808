import { TimeoutError } from '../source/kernel/errors.ts';

/** When a call of a store must have ended. */
export interface CallLimits {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs `work` and ends with it, or with its limits, whichever is first: no call waits for ever on a server that does not answer. What `work` does after that
 * is not waited for; the signal that it is given tells it so.
 *
 * @throws TimeoutError after `timeoutMs`; the reason of `signal` when that is aborted; what `work` throws
 */
export async function withinLimits<Result>(
  { timeoutMs, signal }: CallLimits,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  signal?.throwIfAborted();
  const ended = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    const end = (reason: unknown) => {
      // First of all, or what `work` makes of the signal might be taken for the end.
      reject(reason instanceof Error ? reason : new Error(String(reason), { cause: reason }));
      ended.abort(reason);
    };
    timer = setTimeout(() => {
      end(new TimeoutError(`no answer within timeoutMs (${timeoutMs} ms)`, { retriable: true }));
    }, timeoutMs);
    onAbort = () => {
      end(signal?.reason);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work(ended.signal), limit]);
  } finally {
    clearTimeout(timer);
    if (onAbort !== undefined) signal?.removeEventListener('abort', onAbort);
  }
}
