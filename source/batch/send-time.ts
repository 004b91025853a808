import type { Clock } from '../kernel/clock.ts';

/** How many records in a row have the time of the first of them. */
const RECORDS = 16;

/**
 * The time of records that are sent without one. Asking the clock costs a tenth of what a record
 * costs that is copied. So 16 records that are sent one after another, with no `await` between them,
 * have one time.
 */
export class SendTime {
  readonly #clock: Pick<Clock, 'wallNow'>;
  #now = 0;
  #left = 0;
  #endsWithTurn = false;
  readonly #turnEnded = () => {
    this.#endsWithTurn = false;
    this.#left = 0;
  };

  constructor(clock: Pick<Clock, 'wallNow'>) {
    this.#clock = clock;
  }

  /** Milliseconds since 1970. */
  now(): number {
    if (this.#left === 0) {
      this.#now = this.#clock.wallNow();
      this.#left = RECORDS;
      if (!this.#endsWithTurn) {
        this.#endsWithTurn = true;
        // Before timers and answers, so that nothing that was waited for has a time of before.
        queueMicrotask(this.#turnEnded);
      }
    }
    this.#left--;
    return this.#now;
  }
}
