import { checkTimer, type Clock, type Timer } from '../../../../source/kernel/clock.ts';

const TICK_MS = 5;
/** No more than this passes between two ticks, however late the second one is. */
const LONGEST_TICK_MS = 20;

/**
 * A clock that is faster than that of the machine, so that time limits of seconds are soon over. While
 * the machine is busy with something else, it stands still: otherwise the less would happen, the busier the machine is.
 */
export class FastClock implements Clock {
  readonly #times: number;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #ticking: NodeJS.Timeout;
  #now = 0;
  #tickedAt = performance.now();
  #isStopped = false;

  /** @param times how much faster */
  constructor(times: number) {
    this.#times = times;
    this.#ticking = setInterval(() => {
      this.#tick();
    }, TICK_MS).unref();
  }

  /** Timers that have not fired and were not called off. */
  get pending(): number {
    return this.#timers.size;
  }

  /** How long this much of its time is on the machine's clock. */
  realMs(ms: number): number {
    return ms / this.#times;
  }

  now(): number {
    this.#tick();
    return this.#now;
  }

  wallNow(): number {
    return Date.now();
  }

  after(ms: number, fire: () => void): Timer {
    checkTimer(ms, fire);
    if (this.#isStopped) return { cancel: () => undefined };
    const due = this.now() + Math.max(0, ms);
    let handle: NodeJS.Timeout;
    const wait = (leftMs: number) => {
      handle = setTimeout(() => {
        this.#timers.delete(handle);
        const left = due - this.now();
        if (left > 0) wait(left);
        else fire();
      }, this.realMs(leftMs));
      this.#timers.add(handle);
    };
    wait(Math.max(0, ms));
    return {
      cancel: () => {
        clearTimeout(handle);
        this.#timers.delete(handle);
      },
      unref: () => {
        handle.unref();
      },
    };
  }

  /** No timer fires any more. */
  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#ticking);
    for (const handle of this.#timers) clearTimeout(handle);
    this.#timers.clear();
  }

  #tick(): void {
    const now = performance.now();
    this.#now += Math.min(now - this.#tickedAt, LONGEST_TICK_MS) * this.#times;
    this.#tickedAt = now;
  }
}
