/** How waits between attempts grow. */
export interface BackoffOptions {
  /** The first wait in milliseconds. */
  readonly initialMs: number;
  /** No wait is longer than this. */
  readonly maxMs: number;
  /** Each wait is this many times the one before. Default 2. */
  readonly factor?: number;
  /**
   * Share of a wait that is drawn at random, 0 to 1, so that many clients do not come back at the same time.
   * Default 0.2.
   */
  readonly jitter?: number;
}

/**
 * The wait before attempt `attempt` (0 is the first retry): exponential, bounded, with jitter.
 *
 * @param random a number in [0, 1); `Math.random` unless a spec passes its own
 */
export function backoffMs(
  options: BackoffOptions,
  attempt: number,
  random: () => number = Math.random,
): number {
  const base = Math.min(options.maxMs, options.initialMs * (options.factor ?? 2) ** attempt);
  const jitter = options.jitter ?? 0.2;
  return base * (1 - jitter + 2 * jitter * random());
}
