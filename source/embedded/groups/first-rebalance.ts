import type { Clock, Timer } from '../../kernel/clock.ts';

/**
 * The wait of a group that was empty, so that members that start together meet in one generation:
 * once more for as long as somebody came during the last wait.
 */
export class FirstRebalance {
  readonly #clock: Clock;
  readonly #delayMs: number;
  readonly #end: () => void;
  #timer: Timer | undefined;
  #hasNewcomer = false;

  /** @param end called once, when the wait is over */
  constructor(
    clock: Clock,
    waits: { readonly delayMs: number; readonly longestMs: number },
    end: () => void,
  ) {
    this.#clock = clock;
    this.#delayMs = waits.delayMs;
    this.#end = end;
    this.#wait(waits.delayMs, Math.max(0, waits.longestMs - waits.delayMs));
  }

  memberCame(): void {
    this.#hasNewcomer = true;
  }

  cancel(): void {
    this.#timer?.cancel();
  }

  #wait(delayMs: number, leftMs: number): void {
    this.#timer = this.#clock.after(delayMs, () => {
      if (!this.#hasNewcomer || leftMs === 0) {
        this.#end();
        return;
      }
      this.#hasNewcomer = false;
      this.#wait(Math.min(this.#delayMs, leftMs), Math.max(0, leftMs - delayMs));
    });
  }
}
