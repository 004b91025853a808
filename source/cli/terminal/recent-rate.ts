import type { Clock } from '../../kernel/clock.ts';

/** What lies further back does not count: a rate should tell of now, and not jump with each batch. */
const WINDOW_MS = 10_000;

/** What is done in less time is no rate: a first batch may come at once, and a short run be over before it was looked at twice. */
const LEAST_MS = 250;

/** How many per second, of late. */
export class RecentRate {
  readonly #clock: Clock;
  /** Oldest first. */
  readonly #samples: { readonly at: number; readonly count: number }[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The count is so much now. */
  add(count: number): void {
    const at = this.#clock.now();
    this.#samples.push({ at, count });
    // One that is as old as the window, or older, stays as its beginning.
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
