import type { Clock, Timer } from '../../kernel/clock.ts';
import type { BoundedMemory } from '../bounded-memory.ts';

/** What an id takes with its timer. */
const PENDING_BYTES = 512;

/** Member ids that were given out and not yet used, each with its time limit. */
export class PendingMembers {
  readonly #clock: Clock;
  readonly #memory: BoundedMemory;
  readonly #limits = new Map<string, Timer>();

  constructor(clock: Clock, memory: BoundedMemory) {
    this.#clock = clock;
    this.#memory = memory;
  }

  get size(): number {
    return this.#limits.size;
  }

  has(memberId: string): boolean {
    return this.#limits.has(memberId);
  }

  /**
   * Returns whether there is memory for one more.
   *
   * @param onExpired called if nobody has joined with the id by then
   */
  add(memberId: string, limitMs: number, onExpired: () => void): boolean {
    if (!this.#memory.take(PENDING_BYTES)) return false;
    const limit = this.#clock.after(limitMs, () => {
      this.take(memberId);
      onExpired();
    });
    this.#limits.set(memberId, limit);
    return true;
  }

  /** Whether the id was one of them; then it no longer is. */
  take(memberId: string): boolean {
    this.#limits.get(memberId)?.cancel();
    const isTaken = this.#limits.delete(memberId);
    if (isTaken) this.#memory.give(PENDING_BYTES);
    return isTaken;
  }

  /** Calls all time limits off. */
  close(): void {
    for (const memberId of [...this.#limits.keys()]) this.take(memberId);
  }
}
