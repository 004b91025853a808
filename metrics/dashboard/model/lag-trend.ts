const windowMs = 60_000;
/** The ends of logs are read about every 15 s: within less time, a change means little. */
const leastMs = 5000;

/** In which direction the lag changes, and how fast: over the last minute. */
export class LagTrend {
  #samples: { readonly at: number; readonly lag: number }[] = [];

  add(at: number, lag: number): void {
    if (at < (this.#samples.at(-1)?.at ?? 0)) this.#samples = [];
    this.#samples.push({ at, lag });
    while ((this.#samples[1]?.at ?? Infinity) <= at - windowMs) this.#samples.shift();
  }

  /** Negative while it falls; null while there are too few samples. */
  get perSecond(): number | null {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.at - first.at < leastMs) return null;
    return ((last.lag - first.lag) * 1000) / (last.at - first.at);
  }
}
