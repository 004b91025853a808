import type { Config } from '../config/config.ts';
import type { Timer } from '../kernel/clock.ts';
import { TimeoutError, type KasperError } from '../kernel/errors.ts';
import { sharedAbort } from '../kernel/shared-abort.ts';
import type { BegunBatch } from './batcher.ts';

/** For how long `process` of one batch may take. */
export class ProcessLimit {
  readonly #limits: Limits;
  readonly #what: LimitedBatch;
  readonly #onOver: () => void;
  /** Made when it is asked for. */
  #abort: AbortController | undefined;
  #timer: Timer | undefined;
  #reason: KasperError | undefined;
  #passed = 'processTimeoutMs was over';
  #hasEnded = false;
  #hangs = false;
  /** Stops waiting for the function. */
  #giveUp: (() => void) | undefined;

  /** @param onOver called once, when there is a {@link reason} */
  constructor(limits: Limits, what: LimitedBatch, onOver: () => void) {
    this.#limits = limits;
    this.#what = what;
    this.#onOver = onOver;
  }

  /** Aborted, with the {@link reason}, as soon as there is one. */
  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = sharedAbort();
      if (this.#reason !== undefined) this.#abort.abort(this.#reason);
    }
    return this.#abort.signal;
  }

  /**
   * Why what the function does will not count: the time is over, and then it is a TimeoutError; or
   * the batch was given up.
   */
  get reason(): KasperError | undefined {
    return this.#reason;
  }

  /** The reason in words that follow 'after'. */
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
   * @throws what it throws; once there is a {@link reason} that one, even if the function returns
   *   after all
   */
  async within(run: () => Promise<void>): Promise<void> {
    const { clock, processTimeoutMs, closeTimeoutMs } = this.#limits;
    this.#timer = clock.after(processTimeoutMs, () => {
      this.#isOver(this.#timedOut());
      this.#timer = clock.after(closeTimeoutMs, () => {
        this.#giveUp?.();
      });
    });
    try {
      // Not called inside: the functions made here, which live as long as this, would refer to `run`,
      // and by that to the messages.
      const running = run();
      await new Promise<void>((resolve, reject) => {
        this.#giveUp = () => {
          this.#hangs = true;
          resolve();
        };
        running.then(resolve, reject);
      });
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
    this.throwIfOver();
  }

  /** @throws the {@link reason}, if there is one */
  throwIfOver(): void {
    if (this.#reason !== undefined) throw this.#reason;
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
    this.#onOver();
    this.#abort?.abort(reason);
  }

  #timedOut(): TimeoutError {
    const { partition, records, ranges } = this.#what;
    const [from] = ranges;
    const at = from === undefined ? '' : `, from ${from.topic} offset ${from.first}`;
    return new TimeoutError(
      `process did not end within processTimeoutMs (${this.#limits.processTimeoutMs} ms): partition ${partition}, ` +
        `${records} messages${at}. JavaScript cannot stop it: end this process. ` +
        'Heed context.signal, do not wait for close() or seek() in it, make batches smaller, or raise processTimeoutMs.',
    );
  }
}

type Limits = Pick<Config, 'clock' | 'processTimeoutMs' | 'closeTimeoutMs'>;

/** A batch, for messages. Holds none of its records: what outlives them would keep them in memory. */
interface LimitedBatch extends Pick<BegunBatch, 'records' | 'ranges'> {
  readonly partition: number;
}
