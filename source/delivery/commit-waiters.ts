import type { KasperError } from '../kernel/errors.ts';

interface Waiter {
  readonly isDone: () => boolean;
  /** Whether it waits on after a failure, until the rest is committed. */
  readonly untilSettled: boolean;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Those who wait until something is committed. */
export class CommitWaiters {
  #waiters: Waiter[] = [];
  #failure: KasperError | undefined;
  #isClosed = false;

  /** Resolves as soon as `isDone`. @throws the first failure, as soon as there is one */
  until(isDone: () => boolean): Promise<void> {
    return this.#wait(isDone, { untilSettled: false });
  }

  /** Resolves as soon as `isDone`, also after a failure. @throws the first failure then */
  settled(isDone: () => boolean): Promise<void> {
    return this.#wait(isDone, { untilSettled: true });
  }

  /**
   * Something cannot be committed. The first failure counts; {@link look} tells it to those who
   * wait.
   */
  fail(error: KasperError): void {
    this.#failure ??= error;
  }

  /** Something has changed: those whose wait is over are released. */
  look(): void {
    const failure = this.#failure;
    this.#waiters = this.#waiters.filter(({ isDone, untilSettled, resolve, reject }) => {
      const done = isDone() || this.#isClosed;
      if (failure !== undefined && (done || !untilSettled)) reject(failure);
      else if (done) resolve();
      else return true;
      return false;
    });
  }

  /** Nobody waits any longer. */
  close(): void {
    this.#isClosed = true;
    this.look();
  }

  #wait(isDone: () => boolean, { untilSettled }: Pick<Waiter, 'untilSettled'>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ isDone, untilSettled, resolve, reject });
      this.look();
    });
  }
}
