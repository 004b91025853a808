import type { Clock, Timer } from '../../kernel/clock.ts';

/** Serves a request; its answer goes nowhere. */
export type ServeLate = () => Promise<void>;

/** Requests whose connections are gone, and that are served later all the same. */
export class LateRequests {
  readonly #held: ServeLate[] = [];
  readonly #timers = new Set<Timer>();

  get size(): number {
    return this.#held.length + this.#timers.size;
  }

  /** Until {@link deliver}. */
  hold(serve: ServeLate): void {
    this.#held.push(serve);
  }

  /** For this long. */
  holdFor(ms: number, clock: Clock, serve: ServeLate): void {
    const timer = clock.after(ms, () => {
      this.#timers.delete(timer);
      void serve();
    });
    this.#timers.add(timer);
  }

  /** Serves those that are held without a time, one after another. */
  async deliver(): Promise<void> {
    for (const serve of this.#held.splice(0)) await serve();
  }

  /** They are lost. */
  clear(): void {
    this.#held.length = 0;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }
}
