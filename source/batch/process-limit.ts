import type { Config } from '../config/config.ts';
import type { Timer } from '../kernel/clock.ts';
import { TimeoutError } from '../kernel/errors.ts';

/** For how long `process` of one batch may take. */
export class ProcessLimit {
  readonly #limits: Limits;
  readonly #what: LimitedBatch;
  readonly #abort = new AbortController();
  #timer: Timer | undefined;
  /** Why the signal was aborted. */
  #tooLate: TimeoutError | undefined;
  #passed: 'processTimeoutMs' | 'closeTimeoutMs' = 'processTimeoutMs';
  #hasEnded = false;
  #hangs = false;
  /** Stops waiting for the function. */
  #giveUp: (() => void) | undefined;

  constructor(limits: Limits, what: LimitedBatch) {
    this.#limits = limits;
    this.#what = what;
  }

  /** Aborted when the time is over. Its reason is a TimeoutError. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** The option that set the limit that was passed. */
  get passed(): 'processTimeoutMs' | 'closeTimeoutMs' {
    return this.#passed;
  }

  /** Whether the function has ended, or was given up. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Whether the function was still running when it was given up. */
  get hangs(): boolean {
    return this.#hangs;
  }

  /**
   * Runs a function: after `processTimeoutMs` the signal is aborted, and `closeTimeoutMs` later
   * nobody waits for it any more.
   *
   * @throws what it throws; once the time is over the TimeoutError, even if the function returns
   *   after all
   */
  async within(run: () => Promise<void>): Promise<void> {
    const { clock, processTimeoutMs, closeTimeoutMs } = this.#limits;
    const gaveUp = new Promise<void>((resolve) => {
      this.#giveUp = () => {
        this.#hangs = true;
        resolve();
      };
    });
    this.#timer = clock.after(processTimeoutMs, () => {
      this.#isOver(this.#timedOut());
      this.#timer = clock.after(closeTimeoutMs, () => {
        this.#giveUp?.();
      });
    });
    try {
      await Promise.race([run(), gaveUp]);
    } catch (error) {
      const tooLate = this.#tooLate;
      if (tooLate === undefined) throw error;
      // Most likely the function heeded the signal: that it took too long is what a person must
      // know.
      if (error !== tooLate) tooLate.suppressed.push(error);
    } finally {
      this.#timer.cancel();
      this.#hasEnded = true;
    }
    this.signal.throwIfAborted();
  }

  /** Nobody waits any longer, however much time is left. */
  abandon(tooLate: TimeoutError): void {
    if (this.#hasEnded) return;
    if (this.#tooLate === undefined) {
      this.#passed = 'closeTimeoutMs';
      this.#isOver(tooLate);
    }
    this.#hangs = true;
    this.#giveUp?.();
  }

  #isOver(tooLate: TimeoutError): void {
    this.#tooLate = tooLate;
    this.#abort.abort(tooLate);
  }

  #timedOut(): TimeoutError {
    const { partition, records, from } = this.#what;
    const at = from === undefined ? '' : `, from ${from.topic} offset ${from.offset}`;
    return new TimeoutError(
      `process did not end within processTimeoutMs (${this.#limits.processTimeoutMs} ms): partition ${partition}, ` +
        `${records} messages${at}. JavaScript cannot stop it: end this process. ` +
        'Heed context.signal, do not wait for close() or seek() in it, make batches smaller, or raise processTimeoutMs.',
    );
  }
}

type Limits = Pick<Config, 'clock' | 'processTimeoutMs' | 'closeTimeoutMs'>;

/** A batch, for messages. Holds none of its records: what outlives them would keep them in memory. */
interface LimitedBatch {
  readonly partition: number;
  readonly records: number;
  /** The first one. */
  readonly from: { readonly topic: string; readonly offset: number } | undefined;
}
