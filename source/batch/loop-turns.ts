import type { Clock } from '../kernel/clock.ts';

/**
 * For how long batches may follow each other without a turn of the event loop. A turn costs
 * microseconds, so tiny batches do not notice one in this time.
 */
const TURN_EVERY_MS = 10;

/**
 * Lets the event loop turn between batches, of all partitions of a run.
 *
 * Buffered batches whose `process` waits for nothing would follow each other in one turn, however
 * many there are: until the last of them no answer is read, no timer fires, and no signal arrives.
 */
export class LoopTurns {
  readonly #clock: Clock;
  #turnedAt = Number.NEGATIVE_INFINITY;
  #turning: Promise<void> | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** It turned: something was read. */
  turned(): void {
    this.#turnedAt = this.#clock.now();
  }

  /**
   * undefined: it turned a moment ago; one comparison of times. Otherwise wait for the promise, and
   * ask again.
   */
  due(): Promise<void> | undefined {
    return this.#clock.now() - this.#turnedAt < TURN_EVERY_MS ? undefined : this.next();
  }

  /** Resolves in the next turn, after what has come in until then. */
  next(): Promise<void> {
    this.#turning ??= new Promise((resolve) => {
      setImmediate(() => {
        this.#turning = undefined;
        this.turned();
        resolve();
      });
    });
    return this.#turning;
  }
}
