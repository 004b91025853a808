import { LifecycleError } from './kernel/errors.ts';

/**
 * The values that one batch works on: they are read and changed without waiting, and written back
 * when the function of the batch has returned.
 */
export interface BatchView<Value> {
  /**
   * The value under a key that was named for this batch, or set in it; undefined where there is
   * none.
   * @throws LifecycleError for another key, whose value is not known, and after the function has
   * ended
   */
  get(key: string): Value | undefined;
  /** Whether there is a value. @throws LifecycleError as `get` */
  has(key: string): boolean;
  /** Replaces the value under any key. @throws LifecycleError after the function has ended */
  set(key: string, value: Value): void;
  /** Removes any key. @throws LifecycleError after the function has ended */
  delete(key: string): void;
}

/** As {@link BatchView}, for the values of several tenants. */
export interface MultiBatchView<Value> {
  /** As {@link BatchView.get}. */
  get(tenant: string, key: string): Value | undefined;
  /** As {@link BatchView.has}. */
  has(tenant: string, key: string): boolean;
  /** As {@link BatchView.set}. */
  set(tenant: string, key: string, value: Value): void;
  /** As {@link BatchView.delete}. */
  delete(tenant: string, key: string): void;
}

/** How long a view may be used: one attempt at a batch. */
export class ViewLife {
  readonly #signal: AbortSignal;
  #hasEnded = false;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  end(): void {
    this.#hasEnded = true;
  }

  check(method: string): void {
    if (!this.#hasEnded && !this.#signal.aborted) return;
    throw new LifecycleError(
      `view.${method}() was called after the function had ended: a view belongs to one attempt at one batch. Is an await missing?`,
    );
  }
}

/** What became of a key in a view; where it was set, it is the place among those that were. */
const AS_FOUND = -1;
const DELETED = -2;

/**
 * The view of one store, or of one tenant, with the changes made in it. A key is looked up once: all
 * that is known of it is under one number.
 */
export class KeyView<Value> implements BatchView<Value> {
  /** The keys that are known: those that were named, then those that were only set or deleted. */
  readonly #keys: string[] = [];
  readonly #at = new Map<string, number>();
  #values: (Value | undefined)[] = [];
  readonly #states: number[] = [];
  /** The numbers of the keys that were set, in this order; AS_FOUND for what was deleted later. */
  readonly #puts: number[] = [];
  readonly #life: ViewLife;

  constructor(life: ViewLife) {
    this.#life = life;
  }

  /** The keys that were named so far. */
  get named(): readonly string[] {
    return this.#keys;
  }

  /** Before anything else: a key whose value is to be read. */
  name(key: string): void {
    if (!this.#at.has(key)) this.#add(key);
  }

  /** @param values of the named keys, in their order; undefined where there is none */
  fill(values: readonly (Value | undefined)[]): void {
    this.#values = [...values];
  }

  get(key: string): Value | undefined {
    this.#life.check('get');
    const at = this.#at.get(key);
    if (at === undefined) throw notRead('get', key);
    return this.#values[at];
  }

  has(key: string): boolean {
    this.#life.check('has');
    const at = this.#at.get(key);
    if (at === undefined) throw notRead('has', key);
    return this.#values[at] !== undefined || (this.#states[at] ?? AS_FOUND) >= 0;
  }

  set(key: string, value: Value): void {
    this.#life.check('set');
    const at = this.#at.get(key) ?? this.#add(key);
    this.#values[at] = value;
    if ((this.#states[at] ?? AS_FOUND) >= 0) return;
    this.#states[at] = this.#puts.length;
    this.#puts.push(at);
  }

  delete(key: string): void {
    this.#life.check('delete');
    const at = this.#at.get(key) ?? this.#add(key);
    const state = this.#states[at] ?? AS_FOUND;
    if (state >= 0) this.#puts[state] = AS_FOUND;
    this.#values[at] = undefined;
    this.#states[at] = DELETED;
  }

  /** The values to write, and their keys, in the order in which they were first set. */
  get puts(): { readonly keys: readonly string[]; readonly values: readonly Value[] } {
    const keys: string[] = [];
    const values: Value[] = [];
    for (const at of this.#puts) {
      if (at === AS_FOUND) continue;
      keys.push(this.#keys[at] ?? '');
      values.push(this.#values[at] as Value);
    }
    return { keys, values };
  }

  /** The keys to remove. */
  get deletes(): readonly string[] {
    return this.#keys.filter((_key, at) => this.#states[at] === DELETED);
  }

  #add(key: string): number {
    const at = this.#keys.length;
    this.#at.set(key, at);
    this.#keys.push(key);
    this.#values.push(undefined);
    this.#states.push(AS_FOUND);
    return at;
  }
}

function notRead(method: string, key: string): LifecycleError {
  return new LifecycleError(
    `view.${method}('${key}'): the value of this key was not read for this batch. Return it from keysOf.`,
  );
}
