/**
 * Samples of a counter over the last `windowMs`, for its rate. Commits come a batch at a time, so
 * the difference of two samples a second apart would jump between nothing and a whole batch.
 */
export class CounterWindow {
  readonly #windowMs: number;
  #samples: { readonly at: number; readonly value: number }[] = [];

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** A counter or a clock that goes backwards starts again. */
  add(at: number, value: number): void {
    const last = this.#samples.at(-1);
    if (last !== undefined && (value < last.value || at < last.at)) this.#samples = [];
    if (last?.at === at) this.#samples.pop();
    this.#samples.push({ at, value });
    // One sample at or before the start of the window is kept, so that the window is full.
    while ((this.#samples[1]?.at ?? Infinity) <= at - this.#windowMs) this.#samples.shift();
  }

  /** Per second; null before there are two samples. */
  get rate(): number | null {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.at === first.at) return null;
    return ((last.value - first.value) * 1000) / (last.at - first.at);
  }
}
