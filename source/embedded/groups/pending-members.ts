import type { Clock, Timer } from '../../kernel/clock.ts';

/** Member ids that were given out and not yet used, each with its time limit. */
export class PendingMembers {
  readonly #clock: Clock;
  readonly #limits = new Map<string, Timer>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#limits.size;
  }

  has(memberId: string): boolean {
    return this.#limits.has(memberId);
  }

  /** @param onExpired called if nobody has joined with the id by then */
  add(memberId: string, limitMs: number, onExpired: () => void): void {
    const limit = this.#clock.after(limitMs, () => {
      this.#limits.delete(memberId);
      onExpired();
    });
    this.#limits.set(memberId, limit);
  }

  /** Whether the id was one of them; then it no longer is. */
  take(memberId: string): boolean {
    this.#limits.get(memberId)?.cancel();
    return this.#limits.delete(memberId);
  }

  /** Calls all time limits off. */
  close(): void {
    for (const limit of this.#limits.values()) limit.cancel();
  }
}
