import { BEAT_COUNTS, BEAT_MS, sharedNow, type Beat } from './beats.ts';

/** How often the detector must look, besides when it is asked. */
export const LOOK_MS = 500;

/** What is known of the event loop of the main thread. */
export interface EventLoopState {
  /** For how long it has been blocked; 0 while it turns. */
  readonly blockedMs: number;
  /** The longest time for which it was blocked. */
  readonly longestBlockMs: number;
}

/** What the detector needs of Beats. */
export interface BeatSource {
  last(): Beat;
  longestBlockMs: number;
}

/**
 * Finds out from the beats of the main thread for how long its event loop has been blocked.
 *
 * A process that was stopped (SIGSTOP, a frozen container) is not blocked: this thread has not run
 * either, and what it missed between two looks is not counted. For a stop between a beat and the
 * next look, nobody can know on which side of the beat it was. So neither the time before that beat
 * nor the time after it is taken for a block.
 */
export class BlockDetector {
  readonly #beats: BeatSource;
  readonly #now: () => number;
  #lookedAt: number;
  #count: number;
  #beatAt: number;
  /** How long this thread has not run since the last beat. */
  #missedMs = 0;
  #longestMs = 0;

  /** @param now the time on the clock of the beats */
  constructor(beats: BeatSource, now: () => number = sharedNow) {
    this.#beats = beats;
    this.#now = now;
    this.#lookedAt = now();
    ({ count: this.#count, at: this.#beatAt } = beats.last());
  }

  /**
   * Looks now. Must be called at least every {@link LOOK_MS}, or the time between counts as missed.
   */
  look(): EventLoopState {
    const now = this.#now();
    const sinceLook = now - this.#lookedAt;
    this.#lookedAt = now;
    const missed = sinceLook > 2 * LOOK_MS ? sinceLook - LOOK_MS : 0;
    this.#missedMs += missed;
    const { count, at } = this.#beats.last();
    if (count !== this.#count) {
      const beats = (count - this.#count + BEAT_COUNTS) % BEAT_COUNTS;
      this.#note(at - this.#beatAt - beats * BEAT_MS - this.#missedMs);
      this.#count = count;
      this.#beatAt = at;
      this.#missedMs = Math.min(missed, Math.max(0, now - at));
    }
    const blockedMs = Math.max(0, now - this.#beatAt - BEAT_MS - this.#missedMs);
    this.#note(blockedMs);
    return { blockedMs, longestBlockMs: this.#longestMs };
  }

  #note(blockedMs: number): void {
    if (blockedMs <= this.#longestMs) return;
    this.#longestMs = blockedMs;
    this.#beats.longestBlockMs = blockedMs;
  }
}
