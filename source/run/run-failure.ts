import { KasperError, LifecycleError, TimeoutError } from '../kernel/errors.ts';
import { toKasperError } from '../kernel/to-kasper-error.ts';

/** What a run fails with: the first failure; later ones are kept beside it. */
export class RunFailure {
  #first: unknown;
  #hasFailed = false;

  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  /** What the run fails with. */
  get first(): unknown {
    return this.#first;
  }

  /** @returns false if this very error is known already: several may have waited for what failed once */
  keep(error: unknown): boolean {
    if (!this.#hasFailed) {
      this.#hasFailed = true;
      this.#first = error;
      return true;
    }
    if (error === this.#first) return false;
    if (KasperError.is(this.#first)) {
      if (this.#first.suppressed.includes(error)) return false;
      this.#first.suppressed.push(error);
    }
    return true;
  }

  /** @throws the first failure, if there was one */
  throwIfFailed(): void {
    if (this.#hasFailed) throw this.#first;
  }
}

/** Does one step of closing; what fails is handed on, so that the next step is done as well. `what` says it in words, for errors of others. */
export async function attempt(
  what: string,
  step: () => void | Promise<void>,
  onFailure: (error: unknown) => void,
): Promise<void> {
  try {
    await step();
  } catch (cause) {
    onFailure(toKasperError(cause, (text, options) => new LifecycleError(`${what}: ${text}`, options)));
  }
}

/** The error of a close that took too long; `inHand` says what is not done. */
export function closedTooLate(closeTimeoutMs: number, inHand: string): TimeoutError {
  return new TimeoutError(
    `close() did not end within closeTimeoutMs (${closeTimeoutMs} ms): ${inHand} is still under way and was not committed. ` +
      'Do not await close() inside process (call context.stop()); heed context.signal; or raise closeTimeoutMs.',
  );
}
