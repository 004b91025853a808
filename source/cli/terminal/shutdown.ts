import { systemClock, type Clock } from '../../kernel/clock.ts';
import { exitCodes } from './exit-codes.ts';
import type { Io } from './io.ts';
import type { Progress } from './progress.ts';

/**
 * Under npm one Ctrl-C arrives twice: from the terminal, which tells all its processes, and from npm, which passes on what it was told. What comes
 * within this time belongs to the first.
 */
const SAME_SIGNAL_MS = 300;

export interface ShutdownOptions {
  readonly io: Pick<Io, 'onSignal' | 'exit'>;
  /** Where the person at the keyboard is told; a bar that is left standing would hide the cursor. */
  readonly progress: Pick<Progress, 'write' | 'stop'>;
  /** Said at the first signal. */
  readonly onFirst: string;
  readonly clock?: Clock;
}

/**
 * Turns the first SIGINT or SIGTERM into an aborted signal, so that the run ends as it should, and the second one into the end of the process.
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

  /** Has this done before the second signal exits. What is returned ends that. */
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
        progress.write('Still at it; Ctrl-C once more exits at once\n');
      });
    } else if (this.#isArmed) {
      progress.stop();
      for (const act of this.#beforeExit) act();
      io.exit(exitCodes.killed.code);
    }
  }
}
