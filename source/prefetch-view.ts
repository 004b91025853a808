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

/** The view of one store, or of one tenant, with the changes made in it. */
export class KeyView<Value> implements BatchView<Value> {
  /** The values to write. */
  readonly puts = new Map<string, Value>();
  readonly #named: ReadonlySet<string>;
  readonly #found: Map<string, Value>;
  readonly #life: ViewLife;
  readonly #deleted = new Set<string>();

  /** @param found the values of the named keys; the view owns it from now on */
  constructor(named: ReadonlySet<string>, found: Map<string, Value>, life: ViewLife) {
    this.#named = named;
    this.#found = found;
    this.#life = life;
  }

  get(key: string): Value | undefined {
    this.#life.check('get');
    let value = this.puts.get(key);
    if (value !== undefined) return value;
    value = this.#found.get(key);
    if (value === undefined) this.#checkKnown('get', key);
    return value;
  }

  has(key: string): boolean {
    this.#life.check('has');
    if (this.puts.has(key) || this.#found.has(key)) return true;
    this.#checkKnown('has', key);
    return false;
  }

  set(key: string, value: Value): void {
    this.#life.check('set');
    this.puts.set(key, value);
    // A look-up takes longer than all of this.
    if (this.#deleted.size > 0) this.#deleted.delete(key);
    // What was found would be taken for it.
    if (value === undefined) this.#found.delete(key);
  }

  delete(key: string): void {
    this.#life.check('delete');
    this.puts.delete(key);
    this.#found.delete(key);
    this.#deleted.add(key);
  }

  /** The keys to remove. */
  get deletes(): readonly string[] {
    return [...this.#deleted];
  }

  #checkKnown(method: string, key: string): void {
    if (this.#named.has(key) || this.puts.has(key) || this.#deleted.has(key)) return;
    throw new LifecycleError(
      `view.${method}('${key}'): the value of this key was not read for this batch. Return it from keysOf.`,
    );
  }
}
