import { LifecycleError } from '../kernel/errors.ts';
import { toKasperError } from '../kernel/to-kasper-error.ts';
import type { RunOutcome } from './run-outcome.ts';

interface Opened {
  /** What it means if the release fails, in words. */
  readonly failure: string;
  readonly release: (withinMs: number) => void | Promise<void>;
}

/**
 * Releases what a start has opened, in reverse order.
 *
 * Each part is registered when it is opened, so a start that is cut short cannot leak: what it
 * opens after {@link ReleaseStack.release} is released immediately.
 */
export class ReleaseStack {
  readonly #outcome: Pick<RunOutcome, 'closeFailed'>;
  readonly #opened: Opened[] = [];
  #releasedWithinMs: number | undefined;

  constructor(outcome: Pick<RunOutcome, 'closeFailed'>) {
    this.#outcome = outcome;
  }

  /**
   * Registers something that has just been opened.
   *
   * @param failure what it means if the release fails, such as "The Kafka client could not be
   *   closed"
   */
  async opened(failure: string, release: Opened['release']): Promise<void> {
    const withinMs = this.#releasedWithinMs;
    if (withinMs === undefined) this.#opened.push({ failure, release });
    // It alone: what was opened before it may be needed by a release that is under way.
    else await this.attempt(failure, () => release(withinMs));
  }

  /**
   * Releases everything, the newest first. What fails is kept in the outcome, and the rest is
   * released all the same.
   */
  async release(withinMs: number): Promise<void> {
    this.#releasedWithinMs = withinMs;
    for (let last = this.#opened.pop(); last !== undefined; last = this.#opened.pop()) {
      const { failure, release } = last;
      await this.attempt(failure, () => release(withinMs));
    }
  }

  /**
   * Does one step of closing. What it throws is kept in the outcome, so that the next step is done
   * as well.
   */
  async attempt(failure: string, step: () => void | Promise<void>): Promise<void> {
    try {
      await step();
    } catch (cause) {
      this.#outcome.closeFailed(
        toKasperError(cause, (text, options) => new LifecycleError(`${failure}: ${text}`, options)),
      );
    }
  }
}
