import { checkTimer, type Clock, type Timer } from '../kernel/clock.ts';

interface PendingTimer {
  readonly due: number;
  readonly fire: () => void;
}

/** Lets promises, and what they lead to, settle: this many turns of the event loop, no time. */
export async function turns(count = 10): Promise<void> {
  for (let turn = 0; turn < count; turn++) {
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
}

/**
 * A clock that stands still until {@link advance} turns its hands. The wall clock goes along, and
 * can jump on its own.
 */
export class FakeClock implements Clock {
  readonly #settle: () => Promise<void>;
  readonly #timers = new Set<PendingTimer>();
  #now = 1_000;
  #wall = Date.UTC(2024, 0, 1);

  /**
   * @param settle waits until all that was started has come to rest; called before the hands move,
   *   and after each timer
   */
  constructor(settle: () => Promise<void> = turns) {
    this.#settle = settle;
  }

  /** Timers that have not fired and were not called off. */
  get pending(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#now;
  }

  /** Whole milliseconds, as the wall clock of a machine has them, also after a timer of a part of one. */
  wallNow(): number {
    return Math.floor(this.#wall);
  }

  after(ms: number, fire: () => void): Timer {
    checkTimer(ms, fire);
    const timer: PendingTimer = { due: this.#now + Math.max(0, ms), fire };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }

  /**
   * Fires what comes due in the next `ms`, in the order of time, then of setting; resolves when all
   * is at rest.
   */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    await this.#settle();
    for (let next = this.#next(until); next !== undefined; next = this.#next(until)) {
      this.#move(next.due);
      this.#timers.delete(next);
      next.fire();
      await this.#settle();
    }
    this.#move(until);
    await this.#settle();
  }

  /** How long it is until the next timer; undefined if none is set. */
  get nextInMs(): number | undefined {
    const next = this.#next(Infinity);
    return next === undefined ? undefined : Math.max(0, next.due - this.#now);
  }

  /**
   * The process is stopped for this long: time passes, and no timer fires before the hands are
   * turned again.
   */
  sleepThrough(ms: number): void {
    this.#move(this.#now + ms);
  }

  /** Sets the wall clock forward or back, as a time server may; the monotonic time stays. */
  jumpWall(ms: number): void {
    this.#wall += ms;
  }

  #next(until: number): PendingTimer | undefined {
    let next: PendingTimer | undefined;
    for (const timer of this.#timers)
      if (timer.due <= until && (next === undefined || timer.due < next.due)) next = timer;
    return next;
  }

  #move(to: number): void {
    const by = Math.max(0, to - this.#now);
    this.#now += by;
    this.#wall += by;
  }
}
