import { optionRows } from '../../index.ts';
import { systemClock, type Clock } from '../../kernel/clock.ts';
import { LONGEST_TIMER_MS } from '../../kernel/duration.ts';
import { exitCodes } from './exit-codes.ts';
import type { Io } from './io.ts';
import type { Progress } from './progress.ts';

/**
 * Under npm one Ctrl-C arrives twice: from the terminal, which signals all its processes, and from
 * npm, which passes its signal on. A signal within this time belongs to the first.
 */
const SAME_SIGNAL_MS = 300;

/** What a run takes to stop beyond its `closeTimeoutMs`: it releases what it had opened. */
const MARGIN_MS = 5_000;

/**
 * When a run that was told to stop can be taken to hang.
 *
 * @param margins 1 for a run itself; more for who waits for others that wait for it
 */
export function stopLimitMs(closeTimeoutMs: number | undefined, margins: number): number {
  const usual = optionRows.find(({ name }) => name === 'closeTimeoutMs')?.default;
  return Math.min(LONGEST_TIMER_MS, Number(closeTimeoutMs ?? usual) + margins * MARGIN_MS);
}

export interface ShutdownOptions {
  readonly io: Pick<Io, 'onSignal' | 'exit'>;
  /** Where messages are written; a bar that is not stopped would leave the cursor hidden. */
  readonly progress: Pick<Progress, 'write' | 'stop'>;
  /** Written at the first signal. */
  readonly onFirst: () => string;
  readonly clock?: Clock;
}

/**
 * Turns the first SIGINT or SIGTERM into an aborted signal, so that the run stops cleanly; the
 * second one exits the process.
 */
export class Shutdown implements Disposable {
  readonly #controller = new AbortController();
  readonly #options: ShutdownOptions;
  readonly #clock: Clock;
  readonly #forget: () => void;
  readonly #beforeExit = new Set<() => void>();
  #limitMs: number | undefined;
  #limit: { cancel(): void } | undefined;
  #armed: { cancel(): void } | undefined;
  #isArmed = false;

  constructor(options: ShutdownOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#forget = options.io.onSignal(() => {
      this.#onSignal();
    });
  }

  /** Aborted at the first signal. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether a signal came. */
  get requested(): boolean {
    return this.signal.aborted;
  }

  /** As if the first signal had come; later calls do nothing. */
  request(): void {
    if (!this.requested) this.#onSignal();
  }

  /**
   * Exits this long after the first signal, whatever is still awaited then: nothing that a job has
   * opened can keep the command from stopping.
   */
  limit(ms: number): void {
    this.#limitMs = ms;
    if (this.requested) this.#startLimit();
  }

  /**
   * Calls this before the second signal, or the limit, exits, until what is returned is disposed.
   */
  beforeExit(act: () => void): Disposable {
    this.#beforeExit.add(act);
    return {
      [Symbol.dispose]: () => {
        this.#beforeExit.delete(act);
      },
    };
  }

  [Symbol.dispose](): void {
    this.#armed?.cancel();
    this.#limit?.cancel();
    this.#forget();
  }

  #onSignal(): void {
    const { progress, onFirst } = this.#options;
    if (!this.requested) {
      progress.write(`${onFirst()}\n`);
      this.#controller.abort();
      this.#startLimit();
      this.#armed = this.#clock.after(SAME_SIGNAL_MS, () => {
        this.#isArmed = true;
        progress.write('Still stopping; press Ctrl-C again to exit immediately\n');
      });
    } else if (this.#isArmed) this.#exit(exitCodes.killed.code);
  }

  #startLimit(): void {
    const ms = this.#limitMs;
    if (ms === undefined) return;
    this.#limit?.cancel();
    this.#limit = this.#clock.after(ms, () => {
      this.#options.progress.write(
        `error: It did not stop within ${ms} ms of the signal: something does not close.\n` +
          'What was not committed is reprocessed at the next start.\n',
      );
      this.#exit(exitCodes.timeout.code);
    });
  }

  #exit(code: number): void {
    const { io, progress } = this.#options;
    progress.stop();
    for (const act of this.#beforeExit) act();
    io.exit(code);
  }
}
