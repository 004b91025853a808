import { checkEntry, checkKey, checkMultiMap, checkTenant, checkTenantKeys } from './entry-checks.ts';
import { MapStore } from './map-store.ts';
import { MultiMap, type MultiStore, type TenantKey } from './multi-store.ts';
import type { EntriesOptions, ListedStore, StoreEntries } from './store.ts';

/**
 * A MultiStore in this process's memory: a {@link MapStore} for each tenant. `flush` does nothing.
 */
export class MultiMapStore implements MultiStore {
  readonly #tenants = new Map<string, MapStore>();

  /** The number of keys of all tenants. */
  get size(): number {
    let size = 0;
    for (const store of this.#tenants.values()) size += store.size;
    return size;
  }

  tenant(tenant: string): ListedStore {
    checkTenant('MultiMapStore', 'tenant', tenant);
    return new TenantStore(this.#tenants, tenant);
  }

  allTenants(): readonly string[] {
    return [...this.#tenants.keys()].sort();
  }

  async fetch(keys: readonly TenantKey[]): Promise<MultiMap> {
    checkTenantKeys('MultiMapStore', 'fetch', keys);
    for (const { tenant, key } of keys) {
      checkTenant('MultiMapStore', 'fetch', tenant);
      checkKey('MultiMapStore', 'fetch', key);
    }
    const found = new MultiMap();
    for (const { tenant, key } of keys) {
      const value = await this.#tenants.get(tenant)?.get(key);
      if (value !== undefined) found.set(tenant, key, value);
    }
    return found;
  }

  async push(entries: MultiMap): Promise<void> {
    checkMultiMap('MultiMapStore', 'push', entries);
    for (const [tenant, values] of entries) {
      checkTenant('MultiMapStore', 'push', tenant);
      for (const entry of values) checkEntry('MultiMapStore', 'push', entry);
    }
    for (const [tenant, values] of entries) await this.tenant(tenant).putAll(values);
  }

  async flush(): Promise<void> {
    // There is nothing but memory.
  }
}

/** The view of one tenant, which is created by its first write. */
class TenantStore implements ListedStore {
  readonly #tenants: Map<string, MapStore>;
  readonly #tenant: string;

  constructor(tenants: Map<string, MapStore>, tenant: string) {
    this.#tenants = tenants;
    this.#tenant = tenant;
  }

  get(key: string): Promise<Buffer | undefined> {
    return this.#read().get(key);
  }

  getAll(keys: readonly string[]): Promise<Map<string, Buffer>> {
    return this.#read().getAll(keys);
  }

  put(key: string, value: Buffer): Promise<void> {
    return this.#write((store) => store.put(key, value));
  }

  putAll(entries: StoreEntries): Promise<void> {
    return this.#write((store) => store.putAll(entries));
  }

  delete(key: string): Promise<void> {
    return this.#read().delete(key);
  }

  deleteAll(keys: readonly string[]): Promise<void> {
    return this.#read().deleteAll(keys);
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  async *entries(options?: EntriesOptions): AsyncGenerator<[key: string, value: Buffer]> {
    yield* this.#read().entries(options);
  }

  async #write(write: (store: MapStore) => Promise<void>): Promise<void> {
    const store = this.#tenants.get(this.#tenant) ?? new MapStore();
    // A MapStore has written once it returns its promise. The store is filed before that promise is
    // awaited: otherwise the first writes of two callers would each create a tenant.
    const written = write(store);
    if (store.size > 0) this.#tenants.set(this.#tenant, store);
    await written;
  }

  #read(): MapStore {
    return this.#tenants.get(this.#tenant) ?? new MapStore();
  }
}
