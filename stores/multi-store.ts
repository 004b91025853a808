import type { Store, StoreCallOptions } from './store.ts';
import type { StoreFence, StoreOwner } from './store-owner.ts';

/** A key of one tenant. */
export interface TenantKey {
  readonly tenant: string;
  readonly key: string;
}

/**
 * Stores of many tenants behind one backend, read and written across tenants in one round trip.
 *
 * @typeParam Value what is stored under a key
 */
export interface MultiStore<Value = Buffer> {
  /** The store of one tenant. Reading from it never creates the tenant. */
  tenant(tenant: string): Store<Value>;
  /** The tenants that this instance has written to, sorted. */
  allTenants(): readonly string[];
  /** The values of those keys that exist, filed under their tenants. */
  fetch(keys: readonly TenantKey[], options?: StoreCallOptions): Promise<MultiMap<Value>>;
  /** Writes all entries of all tenants. */
  push(entries: MultiMap<Value>, options?: StoreCallOptions): Promise<void>;
  /** As {@link Store.flush}, for the tenants that this instance has written to. */
  flush(options?: StoreCallOptions): Promise<void>;
  /** As {@link Store.fence}, for all tenants. */
  fence?(owner: StoreOwner): StoreFence;
  /** As {@link Store.warnings}. */
  warnings?(options?: StoreCallOptions): Promise<readonly string[]>;
}

/** Either kind of store. */
export type AnyStore<Value = unknown> = Store<Value> | MultiStore<Value>;

/** Values of several tenants: tenant → key → value. */
export class MultiMap<Value = Buffer> implements Iterable<
  readonly [tenant: string, entries: ReadonlyMap<string, Value>]
> {
  readonly #tenants = new Map<string, Map<string, Value>>();

  /** Files a value under its tenant; the last one under a key wins. */
  set(tenant: string, key: string, value: Value): this {
    let entries = this.#tenants.get(tenant);
    if (entries === undefined) this.#tenants.set(tenant, (entries = new Map<string, Value>()));
    entries.set(key, value);
    return this;
  }

  /** The value under a key of a tenant; undefined where there is none. */
  get(tenant: string, key: string): Value | undefined {
    return this.#tenants.get(tenant)?.get(key);
  }

  /** Whether there is a value under a key of a tenant. */
  has(tenant: string, key: string): boolean {
    return this.#tenants.get(tenant)?.has(key) ?? false;
  }

  /** The entries of one tenant; empty where there are none. */
  tenant(tenant: string): ReadonlyMap<string, Value> {
    return this.#tenants.get(tenant) ?? new Map<string, Value>();
  }

  /** The tenants that have entries, in the order of their first one. */
  tenants(): string[] {
    return [...this.#tenants.keys()];
  }

  /** The number of entries of all tenants. */
  get size(): number {
    let size = 0;
    for (const entries of this.#tenants.values()) size += entries.size;
    return size;
  }

  /** Tenants with their entries. */
  [Symbol.iterator](): IterableIterator<readonly [tenant: string, entries: ReadonlyMap<string, Value>]> {
    return this.#tenants.entries();
  }
}
