/** What the cluster does in one turn of the event loop, as a rule: the rest waits for the next one. */
const TURN_MS = 5;

/** The time that all connections together may take in one turn before others get theirs. */
class LoopTime {
  #turnStart: number | undefined;
  readonly #turnOver = () => {
    this.#turnStart = undefined;
  };

  /** Ask after each part of the work; then {@link next}. */
  get isUsedUp(): boolean {
    if (this.#turnStart === undefined) {
      this.#turnStart = performance.now();
      setImmediate(this.#turnOver);
      return false;
    }
    return performance.now() - this.#turnStart > TURN_MS;
  }

  /** Resolves in the next turn of the event loop, after what has come in meanwhile. */
  next(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }
}

/** For requests as they come in, of all clusters of this process. */
export const loopTime = new LoopTime();

/**
 * For what is left of requests that take long. It is counted apart, so that a request that comes in
 * meanwhile, and asks for little, does not wait for it.
 */
export const pacedTime = new LoopTime();
