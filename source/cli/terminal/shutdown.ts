import { systemClock, type Clock } from '../../kernel/clock.ts';
import { exitCodes } from './exit-codes.ts';
import type { Io } from './io.ts';
import type { Progress } from './progress.ts';

/**
 * Under npm one Ctrl-C arrives twice: from the terminal, which signals all its processes, and from
 * npm, which passes its signal on. A signal within this time belongs to the first.
 */
const SAME_SIGNAL_MS = 300;

export interface ShutdownOptions {
  readonly io: Pick<Io, 'onSignal' | 'exit'>;
  /** Where messages are written; a bar that is not stopped would leave the cursor hidden. */
  readonly progress: Pick<Progress, 'write' | 'stop'>;
  /** Written at the first signal. */
  readonly onFirst: string;
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

  /** Calls this before the second signal exits, until what is returned is disposed. */
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
    this.#forget();
  }

  #onSignal(): void {
    const { io, progress, onFirst } = this.#options;
    if (!this.requested) {
      progress.write(`${onFirst}\n`);
      this.#controller.abort();
      this.#armed = this.#clock.after(SAME_SIGNAL_MS, () => {
        this.#isArmed = true;
        progress.write('Still stopping; press Ctrl-C again to exit immediately\n');
      });
    } else if (this.#isArmed) {
      progress.stop();
      for (const act of this.#beforeExit) act();
      io.exit(exitCodes.killed.code);
    }
  }
}
