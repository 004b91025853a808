import { StoreError, TimeoutError, type StoreFailure, type StoreKey } from '../source/kernel/errors.ts';
import type { FailureReason, Item } from './item.ts';
import { withinLimits, type CallLimits } from './call-limits.ts';

/** So many reasons are told in the message; all of them are in `failures`. */
const MOST_REASONS = 5;
const LONGEST_KEY_SHOWN = 80;

/** What is called, for messages. */
export interface CallTitle {
  /** The class: RedisStore. */
  readonly store: string;
  /** Whose keys: "keyPrefix 'counts'". */
  readonly where: string;
  readonly operation: string;
  readonly changes: boolean;
}

/** One call under way: what became of each of its keys so far. */
export class BackendCall<Place> {
  readonly items: readonly Item<Place>[];
  readonly signal: AbortSignal;
  readonly #found = new Map<Item<Place>, Buffer>();
  readonly #done = new Set<Item<Place>>();
  readonly #failed = new Map<Item<Place>, FailureReason>();

  constructor(items: readonly Item<Place>[], signal: AbortSignal) {
    this.items = items;
    this.signal = signal;
  }

  /** Written, removed, or read: then with the value, or without one where there is none. */
  done(item: Item<Place>, value?: Buffer): void {
    this.#done.add(item);
    if (value !== undefined) this.#found.set(item, value);
  }

  fail(item: Item<Place>, reason: FailureReason): void {
    this.#done.delete(item);
    this.#failed.set(item, reason);
  }

  get found(): ReadonlyMap<Item<Place>, Buffer> {
    return this.#found;
  }

  get failed(): ReadonlyMap<Item<Place>, FailureReason> {
    return this.#failed;
  }

  get succeeded(): ReadonlySet<Item<Place>> {
    return this.#done;
  }

  failRest(reason: FailureReason): void {
    for (const item of this.items) {
      if (!this.#done.has(item) && !this.#failed.has(item)) this.#failed.set(item, reason);
    }
  }
}

/**
 * Carries a call out within its limits.
 *
 * @returns the values found
 * @throws StoreError that names each key that failed, with its reason, and those that were written
 */
export async function carryOut<Place>(
  title: CallTitle,
  items: readonly Item<Place>[],
  limits: CallLimits,
  explain: (error: unknown) => FailureReason,
  work: (call: BackendCall<Place>) => Promise<void>,
): Promise<ReadonlyMap<Item<Place>, Buffer>> {
  let call = new BackendCall(items, AbortSignal.abort());
  try {
    await withinLimits(limits, async (signal) => {
      call = new BackendCall(items, signal);
      await work(call);
    });
    call.failRest({ text: 'the answer says nothing of it', retriable: true, isUnknown: true });
  } catch (error) {
    call.failRest(limitReached(error, limits) ?? explain(error));
  }
  if (call.failed.size > 0) throw failureOf(title, call);
  return call.found;
}

/** What the end of the call's time, or of the caller's interest, means; undefined for other errors. */
export function limitReached(error: unknown, { signal }: CallLimits): FailureReason | undefined {
  if (signal?.aborted === true) {
    const reason: unknown = signal.reason;
    const why = reason instanceof Error ? reason.message : String(reason);
    return { text: `the call was aborted: ${why}`, retriable: false, isUnknown: true, cause: reason };
  }
  if (error instanceof TimeoutError) {
    return { text: error.message, retriable: true, isUnknown: true, cause: error };
  }
  return undefined;
}

function failureOf<Place>(
  { store, where, operation, changes }: CallTitle,
  call: BackendCall<Place>,
): StoreError {
  const failures: StoreFailure[] = [];
  let cause: unknown;
  let isUnknown = false;
  for (const [item, reason] of call.failed) {
    failures.push({ ...keyOf(item), reason: reason.text, retriable: reason.retriable });
    cause ??= reason.cause;
    isUnknown ||= changes && reason.isUnknown === true;
  }
  const written = changes ? [...call.succeeded].map(keyOf) : [];
  const reasons = failures
    .slice(0, MOST_REASONS)
    .map((failure) => `key ${shown(failure)}: ${failure.reason}`)
    .join('; ');
  const more = failures.length > MOST_REASONS ? `; and ${failures.length - MOST_REASONS} more` : '';
  const unknown = isUnknown ? ' Where no answer came, the write may be done all the same.' : '';
  const rest = changes ? ` ${written.length} of the keys were written.${unknown}` : '';
  return new StoreError(
    `${store}.${operation} (${where}) failed for ${failures.length} of ${call.items.length} keys: ${reasons}${more}.${rest}`,
    {
      store,
      operation,
      failures,
      written,
      retriable: failures.every(({ retriable }) => retriable),
      ...(cause === undefined ? {} : { cause }),
    },
  );
}

function keyOf({ tenant, key }: StoreKey): StoreKey {
  return tenant === undefined ? { key } : { tenant, key };
}

function shown({ tenant, key }: StoreKey): string {
  const short = key.length > LONGEST_KEY_SHOWN ? `${key.slice(0, LONGEST_KEY_SHOWN)}…` : key;
  return tenant === undefined ? `'${short}'` : `'${short}' of tenant '${tenant}'`;
}
