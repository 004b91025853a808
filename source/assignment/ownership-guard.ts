/**
 * Tells whether this run still owns its partitions: asked before each batch, each flush of a store
 * and each commit.
 */
export interface OwnershipGuard {
  /**
   * undefined: it does, as was read a moment ago; one comparison of times. Otherwise wait for the
   * promise, and ask again.
   *
   * The promise rejects with FencedError when another process took a partition over, and with
   * anything else that ended the claims. Those who wait need not report it: the run learns it from
   * the guard itself.
   */
  check(): Promise<void> | undefined;
  /** Resolves if a reading that begins now shows that it does. Rejects as {@link check}. */
  checkNow(): Promise<void>;
}

/** For `claims: false`: every process that runs is taken for the owner. */
export const unguarded: OwnershipGuard = Object.freeze({
  check: () => undefined,
  checkNow: () => Promise.resolve(),
});

/**
 * Resolves when the guard has nothing against it any more; nothing may be awaited between this and
 * what it guards.
 */
export async function stillOwned(guard: OwnershipGuard): Promise<void> {
  for (let unsure = guard.check(); unsure !== undefined; unsure = guard.check()) await unsure;
}
