/** How long to wait, and for what: the text completes the sentence "waited 5000 ms for …". */
export interface UntilOptions {
  readonly deadlineMs: number;
  readonly what: string;
  /** Pause between two looks. Default 20. */
  readonly everyMs?: number;
  /**
   * True: an error of the predicate means "not yet". Default false: it ends the wait immediately.
   */
  readonly retryErrors?: boolean;
}

type NotYet = undefined | null | false;

/**
 * Asks again and again until the answer is neither undefined, null nor false, and returns that
 * answer.
 *
 * @throws Error naming what was waited for and what was seen last, once `deadlineMs` are over
 */
export async function until<T>(
  predicate: () => T | Promise<T>,
  { deadlineMs, what, everyMs = 20, retryErrors = false }: UntilOptions,
): Promise<Exclude<T, NotYet>> {
  const start = performance.now();
  for (;;) {
    let seen: string;
    let cause: unknown;
    try {
      const answer = await predicate();
      if (isAnswer(answer)) return answer;
      seen = `the last answer was ${String(answer)}`;
    } catch (error) {
      if (!retryErrors) throw error;
      cause = error;
      seen = `the last try failed: ${String(error)}`;
    }
    if (performance.now() - start >= deadlineMs) {
      throw new Error(`Waited ${deadlineMs} ms for ${what}; ${seen}`, { cause });
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

function isAnswer<T>(answer: T): answer is Exclude<T, NotYet> {
  return answer !== undefined && answer !== null && answer !== false;
}
