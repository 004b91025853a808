import type { Clock } from '../../kernel/clock.ts';

/** Older samples do not count: the rate should be that of now, and not jump with each batch. */
const WINDOW_MS = 10_000;

/**
 * Less time gives no rate: a first batch may come immediately, and a short run may be over before
 * the second look.
 */
const LEAST_MS = 250;

/** How many per second, recently. */
export class RecentRate {
  readonly #clock: Clock;
  /** Oldest first. */
  readonly #samples: { readonly at: number; readonly count: number }[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes a sample: the count is this much now. */
  add(count: number): void {
    const at = this.#clock.now();
    this.#samples.push({ at, count });
    // The newest sample that is as old as the window, or older, stays as its beginning.
    while ((this.#samples[1]?.at ?? at) <= at - WINDOW_MS) this.#samples.shift();
  }

  /** undefined before there are samples far enough apart. */
  get perSecond(): number | undefined {
    const [first] = this.#samples;
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.at - first.at < LEAST_MS) return undefined;
    return ((last.count - first.count) * 1000) / (last.at - first.at);
  }
}
