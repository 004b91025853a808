/** How often the main thread beats. */
export const BEAT_MS = 250;

/** The count of beats starts again from 0 at this number. */
export const BEAT_COUNTS = 256;

/** The cells of the shared memory. */
const BEAT = 0;
const LONGEST = 1;

/**
 * Milliseconds on a clock that is the same in all threads of a process, unlike performance.now().
 */
export function sharedNow(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** A beat as the other thread sees it. */
export interface Beat {
  /** The number of beats so far, modulo {@link BEAT_COUNTS}. */
  readonly count: number;
  /** When the last one was, by {@link sharedNow}. */
  readonly at: number;
}

/**
 * The beats of the main thread's event loop, in memory that both threads see: reading them needs no
 * answer.
 */
export class Beats {
  readonly memory: SharedArrayBuffer;
  readonly #cells: BigInt64Array;
  #count = 0;

  /** @param memory that of the other thread's Beats; default: new */
  constructor(memory = new SharedArrayBuffer(2 * BigInt64Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.#cells = new BigInt64Array(memory);
  }

  /** Shows that the event loop turns. */
  beat(): void {
    this.#count = (this.#count + 1) % BEAT_COUNTS;
    const microseconds = process.hrtime.bigint() / 1000n;
    // Both are in one cell, so that nobody sees the count of one beat with the time of another.
    Atomics.store(this.#cells, BEAT, microseconds * BigInt(BEAT_COUNTS) + BigInt(this.#count));
  }

  /**
   * Beats every {@link BEAT_MS} until the returned function is called. The timer does not keep the
   * process alive.
   */
  start(): () => void {
    this.beat();
    const timer = setInterval(() => {
      this.beat();
    }, BEAT_MS);
    timer.unref();
    return () => {
      clearInterval(timer);
    };
  }

  last(): Beat {
    const beat = Atomics.load(this.#cells, BEAT);
    const counts = BigInt(BEAT_COUNTS);
    return { count: Number(beat % counts), at: Number(beat / counts) / 1e3 };
  }

  /** The longest block so far, as the other thread has measured it. */
  get longestBlockMs(): number {
    return Number(Atomics.load(this.#cells, LONGEST)) / 1e3;
  }

  set longestBlockMs(ms: number) {
    Atomics.store(this.#cells, LONGEST, BigInt(Math.round(ms * 1e3)));
  }
}
