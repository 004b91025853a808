/** What the cluster does in one turn of the event loop, as a rule: the rest waits for the next one. */
const TURN_MS = 10;

/**
 * The time that all connections together may take before others get their turn: a request that
 * takes long is served in parts, and so are many short ones.
 */
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

/** Of this process. */
export const loopTime = new LoopTime();
