import { readOr } from './read-or.ts';

/** How far a walk over causes goes. */
export interface CausesOptions {
  /**
   * This many levels are looked at, the error's own included. Default 100: a longer chain makes its
   * causes as it is read.
   */
  readonly deepest?: number;
  /** What an error came of beside its `cause`. Default: nothing. */
  readonly and?: (thrown: unknown) => readonly unknown[];
}

/**
 * An error, what caused it, what caused that, and so on: each one once, so that a ring of causes
 * has an end.
 *
 * Anything may have been thrown, and any property of it may throw when it is read: then it has no
 * cause.
 */
export function* causes(error: unknown, options: CausesOptions = {}): Generator<unknown, void, undefined> {
  const { deepest = 100, and } = options;
  const seen = new Set<unknown>([error]);
  let level: readonly unknown[] = [error];
  for (let depth = 0; level.length > 0 && depth < deepest; depth++) {
    const next: unknown[] = [];
    for (const thrown of level) {
      yield thrown;
      for (const cause of [causeOf(thrown), ...(and?.(thrown) ?? [])]) {
        if (cause === undefined || seen.has(cause)) continue;
        seen.add(cause);
        next.push(cause);
      }
    }
    level = next;
  }
}

/** The `cause` of an error; undefined where it has none, or where reading it throws. */
export function causeOf(thrown: unknown): unknown {
  return readOr(undefined, () => (thrown instanceof Error ? thrown.cause : undefined));
}

/** What failed beside an error: `suppressed` of a KasperError, `errors` of an AggregateError. */
export function suppressedBy(thrown: unknown): readonly unknown[] {
  return readOr([], () => {
    if (!(thrown instanceof Error)) return [];
    if ('suppressed' in thrown && Array.isArray(thrown.suppressed))
      return [...(thrown.suppressed as unknown[])];
    return thrown instanceof AggregateError ? [...(thrown.errors as unknown[])] : [];
  });
}
