import { ConfigError } from '../../index.ts';

/** Gathers what several checks find, so that all of it is reported together. */
export class Gathered {
  readonly #errors: ConfigError[] = [];

  /** Whether something was found. */
  get isEmpty(): boolean {
    return this.#errors.length === 0;
  }

  /** Every problem, in the order of the checks. */
  get problems(): readonly string[] {
    return this.#errors.flatMap(({ problems }) => problems);
  }

  /** The check's result, or undefined if it found something wrong. Only a ConfigError is kept. */
  try<T>(check: () => T): T | undefined {
    try {
      return check();
    } catch (error) {
      this.keep(error);
      return undefined;
    }
  }

  /** Keeps a ConfigError; throws anything else. */
  keep(error: unknown): void {
    if (!(error instanceof ConfigError)) throw error;
    this.#errors.push(error);
  }

  /** @throws ConfigError with all problems */
  throwIfAny(): void {
    const [first, ...others] = this.#errors;
    if (first === undefined) return;
    throw others.length === 0 ? first : new ConfigError(this.problems, { what: 'Configuration' });
  }
}
