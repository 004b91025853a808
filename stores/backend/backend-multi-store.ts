import { StoreError } from '../../source/kernel/errors.ts';
import { messageOf } from '../../source/kernel/thrown-text.ts';
import type { Backend } from './backend.ts';
import { Item } from './item.ts';
import { carryOut, type CallSetting, type CallTitle } from './backend-call.ts';
import { askForWarnings, BackendStore, checkItem, flushPlaces } from './backend-store.ts';
import { checkEntry, checkKey, checkMultiMap, checkTenant, checkTenantKeys } from '../entry-checks.ts';
import { MultiMap, type MultiStore, type TenantKey } from '../multi-store.ts';
import type { ListedStore, StoreCallOptions } from '../store.ts';
import type { FencedStore, StoreFence, StoreOwner } from '../store-owner.ts';

export interface BackendMultiStoreOptions<Place> {
  /** The class whose name is used in errors. */
  readonly name: string;
  readonly backend: Backend<Place>;
  readonly timeoutMs: number;
  /** Where a tenant's keys are. @throws Error that says why this tenant has no place */
  readonly placeOf: (tenant: string) => Place;
  /** The place as it is named in errors. */
  readonly describe: (place: Place) => string;
}

/** A MultiStore over a backend. */
export class BackendMultiStore<Place> implements MultiStore, FencedStore {
  readonly #options: BackendMultiStoreOptions<Place>;
  /** The tenants that were written to, with their places, and the reverse. */
  readonly #places = new Map<string, Place>();
  readonly #owners = new Map<Place, string>();

  constructor(options: BackendMultiStoreOptions<Place>) {
    this.#options = options;
  }

  tenant(tenant: string): ListedStore {
    const { name, backend, timeoutMs, describe } = this.#options;
    const place = this.#placeOf('tenant', tenant);
    return new BackendStore({
      name,
      where: `tenant '${tenant}', ${describe(place)}`,
      backend,
      place,
      timeoutMs,
      tenant,
      onWrite: () => {
        this.#remember('put', tenant, place);
      },
    });
  }

  allTenants(): readonly string[] {
    return [...this.#places.keys()].sort();
  }

  async fetch(keys: readonly TenantKey[], options?: StoreCallOptions): Promise<MultiMap> {
    const { name, backend } = this.#options;
    const wanted = new MultiMap<Item<Place>>();
    const places = new Map<string, Place>();
    checkTenantKeys(name, 'fetch', keys);
    for (const { tenant, key } of keys) {
      checkKey(name, 'fetch', key);
      const place = this.#placeOnce(places, 'fetch', tenant);
      if (!wanted.has(tenant, key)) wanted.set(tenant, key, new Item(key, place, tenant, undefined));
    }
    this.#checkApart('fetch', places);
    const found = new MultiMap();
    const setting = this.#setting({ operation: 'fetch', changes: false }, places, options);
    const items = this.#items(setting.title, wanted);
    if (items.length === 0) return found;
    await carryOut(setting, items, (call) => backend.read(call));
    for (const { tenant = '', key, found: value } of items)
      if (value !== undefined) found.set(tenant, key, value);
    return found;
  }

  async push(entries: MultiMap, options?: StoreCallOptions): Promise<void> {
    const { name, backend } = this.#options;
    const wanted = new MultiMap<Item<Place>>();
    const places = new Map<string, Place>();
    checkMultiMap(name, 'push', entries);
    for (const [tenant, values] of entries) {
      for (const entry of values) {
        checkEntry(name, 'push', entry);
        const [key, value] = entry;
        wanted.set(tenant, key, new Item(key, this.#placeOnce(places, 'push', tenant), tenant, value));
      }
    }
    this.#checkApart('push', places);
    const setting = this.#setting({ operation: 'push', changes: true }, places, options);
    const items = this.#items(setting.title, wanted);
    if (items.length === 0) return;
    for (const [tenant, place] of places) this.#remember('push', tenant, place);
    await carryOut(setting, items, (call) => backend.write(call));
  }

  async flush(options?: StoreCallOptions): Promise<void> {
    if (this.#places.size === 0) return;
    const setting = this.#setting({ operation: 'flush', changes: false }, this.#places, options);
    await flushPlaces(this.#options.backend, [...this.#places.values()], setting);
  }

  fence(owner: StoreOwner): StoreFence {
    return this.#options.backend.fence(owner);
  }

  warnings(options?: StoreCallOptions): Promise<readonly string[]> {
    const { backend } = this.#options;
    const title = { operation: 'warnings', changes: false };
    return askForWarnings(backend, this.#setting(title, this.#places, options));
  }

  #setting(
    { operation, changes }: Pick<CallTitle, 'operation' | 'changes'>,
    places: ReadonlyMap<string, Place>,
    options: StoreCallOptions | undefined,
  ): CallSetting {
    const { name: store, backend, timeoutMs } = this.#options;
    return {
      title: { store, operation, where: `${places.size} tenants`, changes },
      backend,
      limits: { timeoutMs, signal: options?.signal },
    };
  }

  #items(title: CallTitle, wanted: MultiMap<Item<Place>>): Item<Place>[] {
    const items: Item<Place>[] = [];
    for (const [, ofTenant] of wanted) {
      for (const item of ofTenant.values()) {
        checkItem(title, this.#options.backend, item);
        items.push(item);
      }
    }
    return items;
  }

  #placeOnce(places: Map<string, Place>, operation: string, tenant: string): Place {
    let place = places.get(tenant);
    if (place === undefined) places.set(tenant, (place = this.#placeOf(operation, tenant)));
    return place;
  }

  #placeOf(operation: string, tenant: string): Place {
    const { name, placeOf } = this.#options;
    checkTenant(name, operation, tenant);
    try {
      return placeOf(tenant);
    } catch (cause) {
      const why = messageOf(cause);
      throw new StoreError(
        `${name}.${operation}: there is no place for tenant '${tenant}': ${why} Nothing was written.`,
        {
          store: name,
          operation,
          cause,
        },
      );
    }
  }

  /** Two tenants in one place would read and overwrite each other's values. */
  #checkApart(operation: string, places: ReadonlyMap<string, Place>): void {
    const owners = new Map<Place, string>();
    for (const [tenant, place] of places) {
      this.#checkOwner(owners.get(place) ?? this.#owners.get(place), { operation, tenant, place });
      owners.set(place, tenant);
    }
  }

  #checkOwner(
    owner: string | undefined,
    { operation, tenant, place }: { operation: string; tenant: string; place: Place },
  ): void {
    if (owner === undefined || owner === tenant) return;
    const { name, describe } = this.#options;
    throw new StoreError(
      `${name}.${operation}: tenants '${owner}' and '${tenant}' have the same ${describe(place)}, where one would overwrite the other: ` +
        'fix the tenancy function. Nothing was written.',
      { store: name, operation },
    );
  }

  #remember(operation: string, tenant: string, place: Place): void {
    this.#checkOwner(this.#owners.get(place), { operation, tenant, place });
    this.#places.set(tenant, place);
    this.#owners.set(place, tenant);
  }
}
