import { StoreError, TimeoutError, type StoreFailure, type StoreKey } from '../../source/kernel/errors.ts';
import { messageOf } from '../../source/kernel/thrown-text.ts';
import type { FailureReason, Item } from './item.ts';
import { CallKeys } from './call-keys.ts';
import { withinLimits, type CallEnd, type CallLimits } from './call-limits.ts';

/** This many reasons are in the message; all of them are in `failures`. */
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

/** What every call is carried out with. */
export interface CallSetting {
  readonly title: CallTitle;
  /** Explains what its client throws. */
  readonly backend: { explain(error: unknown): FailureReason };
  readonly limits: CallLimits;
}

/** One call in flight. */
export class BackendCall<Place> {
  readonly keys: CallKeys<Place>;
  /** Reached when nobody waits for the call any more. */
  readonly end: CallEnd;
  readonly #backend: CallSetting['backend'];

  constructor(keys: CallKeys<Place>, end: CallEnd, backend: CallSetting['backend']) {
    this.keys = keys;
    this.end = end;
    this.#backend = backend;
  }

  /** Its keys, each with what became of it. */
  get items(): readonly Item<Place>[] {
    return this.keys.items;
  }

  /** Some of its items, as a call that ends with it. */
  partOf(items: readonly Item<Place>[]): BackendCall<Place> {
    return new BackendCall(CallKeys.of(items), this.end, this.#backend);
  }

  /** What an error of the backend's client means. */
  reasonOf(error: unknown): FailureReason {
    return this.#backend.explain(error);
  }

  /**
   * The key was written, removed, or read: then with its value, or without one if there is none.
   */
  done(item: Item<Place>, value?: Buffer): void {
    item.isDone = true;
    item.found = value;
  }

  fail(item: Item<Place>, reason: FailureReason): void {
    item.isDone = false;
    item.failure = reason;
  }
}

/**
 * Carries out a call within its limits. Afterwards the keys hold what was found.
 *
 * @throws StoreError that names each key that failed, with its reason, and those that were written
 */
export async function carryOut<Place>(
  { title, backend, limits }: CallSetting,
  keys: CallKeys<Place>,
  work: (call: BackendCall<Place>) => Promise<void>,
): Promise<void> {
  let rest: FailureReason = { text: 'the answer does not mention it', retriable: true, isUnknown: true };
  try {
    await withinLimits(limits, (end) => work(new BackendCall(keys, end, backend)));
  } catch (error) {
    rest = limitReached(error, limits) ?? backend.explain(error);
  }
  if (keys.isDone) return;
  let isFailed = false;
  const { items } = keys;
  for (const item of items) {
    if (!item.isDone) item.failure ??= rest;
    if (item.failure !== undefined) isFailed = true;
  }
  if (isFailed) throw failureOf(title, items);
}

/**
 * What it means that the call's time is over, or that its caller gave up; undefined for other
 * errors.
 */
export function limitReached(error: unknown, { signal }: CallLimits): FailureReason | undefined {
  if (signal?.aborted === true) {
    const reason: unknown = signal.reason;
    return {
      text: `the call was aborted: ${messageOf(reason)}`,
      retriable: false,
      isUnknown: true,
      cause: reason,
    };
  }
  if (error instanceof TimeoutError) {
    return { text: error.message, retriable: true, isUnknown: true, cause: error };
  }
  return undefined;
}

function failureOf<Place>(
  { store, where, operation, changes }: CallTitle,
  items: readonly Item<Place>[],
): StoreError {
  const failures: StoreFailure[] = [];
  let cause: unknown;
  let isUnknown = false;
  const done: StoreKey[] = [];
  for (const item of items) {
    const { failure: reason } = item;
    if (reason === undefined) {
      done.push(keyOf(item));
      continue;
    }
    failures.push({ ...keyOf(item), reason: reason.text, retriable: reason.retriable });
    cause ??= reason.cause;
    isUnknown ||= changes && reason.isUnknown === true;
  }
  const written = changes ? done : [];
  const reasons = failures
    .slice(0, MOST_REASONS)
    .map((failure) => `key ${shown(failure)}: ${failure.reason}`)
    .join('; ');
  const more = failures.length > MOST_REASONS ? `; and ${failures.length - MOST_REASONS} more` : '';
  const unknown = isUnknown ? ' Where no answer came, the write may still have been done.' : '';
  const rest = changes ? ` ${written.length} of the keys were written.${unknown}` : '';
  return new StoreError(
    `${store}.${operation} (${where}) failed for ${failures.length} of ${items.length} keys: ${reasons}${more}.${rest}`,
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

function keyOf<Place>({ tenant, key }: Item<Place>): StoreKey {
  return tenant === undefined ? { key } : { tenant, key };
}

function shown({ tenant, key }: StoreKey): string {
  const short = key.length > LONGEST_KEY_SHOWN ? `${key.slice(0, LONGEST_KEY_SHOWN)}…` : key;
  return tenant === undefined ? `'${short}'` : `'${short}' of tenant '${tenant}'`;
}
