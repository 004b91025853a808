/** How long to wait, and for what: the text completes the sentence "waited 5000 ms for …". */
export interface UntilOptions {
  readonly deadlineMs: number;
  readonly what: string;
}

/** Asks again and again until the answer is neither undefined, null nor false, and returns that answer. */
export async function until<T>(
  predicate: () => T | Promise<T>,
  { deadlineMs, what }: UntilOptions,
): Promise<Exclude<T, undefined | null | false>> {
  const start = performance.now();
  for (;;) {
    const answer = await predicate();
    if (isAnswer(answer)) return answer;
    if (performance.now() - start >= deadlineMs) throw new Error(`Waited ${deadlineMs} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function isAnswer<T>(answer: T): answer is Exclude<T, undefined | null | false> {
  return answer !== undefined && answer !== null && answer !== false;
}
