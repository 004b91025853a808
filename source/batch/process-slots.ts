/**
 * Lets at most `concurrency` partitions be in `process` at the same time; the others queue, first come,
 * first served.
 */
export class ProcessSlots {
  #free: number;
  readonly #queue: (() => void)[] = [];

  constructor(concurrency: number) {
    this.#free = concurrency;
  }

  /** Resolves when a slot is the caller's; each acquire is followed by one release. */
  acquire(): Promise<void> {
    if (this.#free > 0) {
      this.#free--;
      return Promise.resolve();
    }
    return new Promise((resolve) => this.#queue.push(resolve));
  }

  release(): void {
    const next = this.#queue.shift();
    if (next === undefined) this.#free++;
    else next();
  }
}

/**
 * The slot of one batch, which the caller has acquired: given back while the batch waits, and for
 * good when `process` has ended.
 *
 * However many waits of one batch overlap, it never gives back more than its one slot, and no code
 * after a wait runs without one.
 */
export class SlotHold {
  readonly #slots: ProcessSlots;
  #held = true;
  #ended = false;
  #regaining: Promise<void> | undefined;

  constructor(slots: ProcessSlots) {
    this.#slots = slots;
  }

  /** Lets others in. */
  giveBack(): void {
    if (!this.#held) return;
    this.#held = false;
    this.#slots.release();
  }

  /** Queues for a slot, unless one is held. */
  regain(): Promise<void> {
    if (this.#held || this.#ended) return Promise.resolve();
    this.#regaining ??= this.#slots.acquire().then(() => {
      this.#regaining = undefined;
      this.#held = true;
      if (this.#ended) this.giveBack();
    });
    return this.#regaining;
  }

  /** `process` has ended: the slot is given back, if it is held, and never asked for again. */
  end(): void {
    this.#ended = true;
    this.giveBack();
  }
}
