import type { Config } from '../config/config.ts';
import type { Timer } from '../kernel/clock.ts';
import { TimeoutError, type KasperError } from '../kernel/errors.ts';

/** For how long `process` of one batch may take. */
export class ProcessLimit {
  readonly #limits: Limits;
  readonly #what: LimitedBatch;
  readonly #abort = new AbortController();
  #timer: Timer | undefined;
  /** Why the signal was aborted. */
  #reason: KasperError | undefined;
  #passed = 'processTimeoutMs was over';
  #hasEnded = false;
  #hangs = false;
  /** Stops waiting for the function. */
  #giveUp: (() => void) | undefined;

  constructor(limits: Limits, what: LimitedBatch) {
    this.#limits = limits;
    this.#what = what;
  }

  /**
   * Aborted when the time is over, and then its reason is a TimeoutError; or when the batch is given
   * up.
   */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Why the signal was aborted, in words that follow 'after'. */
  get passed(): string {
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
   * @throws what it throws; once the signal was aborted its reason, even if the function returns
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
      const reason = this.#reason;
      if (reason === undefined) throw error;
      // Most likely the function heeded the signal: that it took too long is what a person must
      // know.
      if (error !== reason) reason.suppressed.push(error);
    } finally {
      this.#timer.cancel();
      this.#hasEnded = true;
    }
    this.signal.throwIfAborted();
  }

  /** Nobody waits any longer, however much time is left. */
  abandon(tooLate: TimeoutError): void {
    if (this.#hasEnded) return;
    if (this.#reason === undefined) {
      this.#passed = 'closeTimeoutMs was over';
      this.#isOver(tooLate);
    }
    this.#hangs = true;
    this.#giveUp?.();
  }

  /** What it does will not count; it is waited for all the same. Also when it has ended. */
  cancel(reason: KasperError): void {
    if (this.#reason !== undefined) return;
    this.#passed = 'the batch before it had failed';
    this.#isOver(reason);
  }

  #isOver(reason: KasperError): void {
    this.#reason = reason;
    this.#abort.abort(reason);
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
