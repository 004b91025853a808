import { TimeoutError } from '../../index.ts';
import { aborted } from '../../kernel/aborted.ts';

const ANSWER_WITHIN_MS = 10_000;

/** For how long the first answer of a server is waited for. */
export interface AnswerLimits {
  /** Default 10,000. */
  readonly answerWithinMs?: number;
  /** Aborted when the command is to stop. */
  readonly signal: AbortSignal;
}

/**
 * Waits for the first answer of a server. One that accepts the connection and says nothing keeps a
 * client waiting for as long as the connection stays.
 *
 * @param ask what it does after the limits is not awaited; the signal tells it to stop
 * @throws TimeoutError after `answerWithinMs`, the reason of `signal` when that is aborted, and what
 *   `ask` throws
 */
export async function firstAnswer<Answer>(
  { answerWithinMs = ANSWER_WITHIN_MS, signal }: AnswerLimits,
  ask: (over: AbortSignal) => Promise<Answer>,
): Promise<Answer> {
  signal.throwIfAborted();
  const over = new AbortController();
  const timer = setTimeout(() => {
    over.abort(new TimeoutError(`no answer for ${answerWithinMs / 1000} s`, { retriable: true }));
  }, answerWithinMs);
  const onStop = () => {
    over.abort(signal.reason);
  };
  signal.addEventListener('abort', onStop, { once: true });
  try {
    const limit = aborted(over.signal).then(() => {
      throw over.signal.reason;
    });
    return await Promise.race([ask(over.signal), limit]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onStop);
  }
}
