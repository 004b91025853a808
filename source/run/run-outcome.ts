import { KasperError } from '../kernel/errors.ts';
import { OtherFailures } from '../kernel/other-failures.ts';

/** How a run ends: whether it is over, its first failure, and what failed beside it. */
export class RunOutcome {
  readonly #over = new AbortController();
  #first: unknown;
  #hasFailed = false;
  #others: OtherFailures | undefined;
  #closeFailure: { readonly error: unknown } | undefined;

  /**
   * Aborted as soon as the run is to end. It is a signal, not a promise, because its listeners are
   * called synchronously: after a failure no other batch may slip in.
   */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  /** The run is to end. Idempotent. */
  end(): void {
    this.#over.abort();
  }

  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  /** What the run fails with. */
  get first(): unknown {
    return this.#first;
  }

  /**
   * @returns false if this very error is known already: several parts may have waited for what
   *   failed once
   */
  keep(error: unknown): boolean {
    if (!this.#hasFailed) {
      this.#hasFailed = true;
      this.#first = error;
      return true;
    }
    if (error === this.#first) return false;
    if (!KasperError.is(this.#first)) return true;
    if (this.#first.suppressed.includes(error)) return false;
    this.#others ??= new OtherFailures(this.#first.suppressed);
    return this.#others.add(error);
  }

  /**
   * Something could not be finished or released: `close()` rejects with the first of these, and the
   * run has failed.
   */
  closeFailed(error: unknown): void {
    this.#closeFailure ??= { error };
    this.keep(error);
  }

  /** @throws the first failure of the run, if there was one */
  throwIfFailed(): void {
    if (this.#hasFailed) throw this.#first;
  }

  /** @throws the first failure of closing, if there was one */
  throwIfCloseFailed(): void {
    if (this.#closeFailure !== undefined) throw this.#closeFailure.error;
  }
}
