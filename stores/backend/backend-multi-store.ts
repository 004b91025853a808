import { StoreError } from '../../source/kernel/errors.ts';
import type { Backend } from './backend.ts';
import { Item } from './item.ts';
import { carryOut, type CallTitle } from './backend-call.ts';
import { BackendStore, checkItem, flushPlaces } from './backend-store.ts';
import { checkKey, checkTenant, checkValue } from '../entry-checks.ts';
import { MultiMap, type MultiStore, type TenantKey } from '../multi-store.ts';
import type { ListedStore, StoreCallOptions } from '../store.ts';

export interface BackendMultiStoreOptions<Place> {
  /** The class whose name stands in errors. */
  readonly name: string;
  readonly backend: Backend<Place>;
  readonly timeoutMs: number;
  /** Where a tenant's keys are. @throws Error that says why there is no place for this tenant */
  readonly placeOf: (tenant: string) => Place;
  /** The place as errors name it. */
  readonly describe: (place: Place) => string;
}

/** A MultiStore over a backend. */
export class BackendMultiStore<Place> implements MultiStore {
  readonly #options: BackendMultiStoreOptions<Place>;
  /** The tenants that were written to, with their places, and the other way round. */
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
    const { name } = this.#options;
    const wanted = new MultiMap<Item<Place>>();
    const places = new Map<string, Place>();
    for (const { tenant, key } of keys) {
      checkKey(name, 'fetch', key);
      const place = this.#placeOnce(places, 'fetch', tenant);
      if (!wanted.has(tenant, key)) wanted.set(tenant, key, new Item(key, place, tenant, undefined));
    }
    this.#checkApart('fetch', places);
    const found = new MultiMap();
    const items = this.#items(titleOf(name, 'fetch', places, false), wanted);
    if (items.length === 0) return found;
    const { backend, timeoutMs } = this.#options;
    await carryOut(
      titleOf(name, 'fetch', places, false),
      items,
      { timeoutMs, signal: options?.signal },
      (error) => backend.explain(error),
      (call) => backend.read(call),
    );
    for (const { tenant = '', key, found: value } of items)
      if (value !== undefined) found.set(tenant, key, value);
    return found;
  }

  async push(entries: MultiMap, options?: StoreCallOptions): Promise<void> {
    const { name, backend, timeoutMs } = this.#options;
    const wanted = new MultiMap<Item<Place>>();
    const places = new Map<string, Place>();
    for (const [tenant, values] of entries) {
      for (const [key, value] of values) {
        checkKey(name, 'push', key);
        checkValue(name, 'push', key, value);
        wanted.set(tenant, key, new Item(key, this.#placeOnce(places, 'push', tenant), tenant, value));
      }
    }
    this.#checkApart('push', places);
    const title = titleOf(name, 'push', places, true);
    const items = this.#items(title, wanted);
    if (items.length === 0) return;
    for (const [tenant, place] of places) this.#remember('push', tenant, place);
    await carryOut(
      title,
      items,
      { timeoutMs, signal: options?.signal },
      (error) => backend.explain(error),
      (call) => backend.write(call),
    );
  }

  async flush(options?: StoreCallOptions): Promise<void> {
    const { name, backend, timeoutMs } = this.#options;
    if (this.#places.size === 0) return;
    const title = titleOf(name, 'flush', this.#places, false);
    await flushPlaces(title, backend, [...this.#places.values()], { timeoutMs, signal: options?.signal });
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
      const why = cause instanceof Error ? cause.message : String(cause);
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
      this.#checkOwner(operation, tenant, place, owners.get(place) ?? this.#owners.get(place));
      owners.set(place, tenant);
    }
  }

  #checkOwner(operation: string, tenant: string, place: Place, owner: string | undefined): void {
    if (owner === undefined || owner === tenant) return;
    const { name, describe } = this.#options;
    throw new StoreError(
      `${name}.${operation}: tenants '${owner}' and '${tenant}' have the same ${describe(place)}, where one would overwrite the other: ` +
        'mend the tenancy function. Nothing was written.',
      { store: name, operation },
    );
  }

  #remember(operation: string, tenant: string, place: Place): void {
    this.#checkOwner(operation, tenant, place, this.#owners.get(place));
    this.#places.set(tenant, place);
    this.#owners.set(place, tenant);
  }
}

function titleOf(
  store: string,
  operation: string,
  places: ReadonlyMap<string, unknown>,
  changes: boolean,
): CallTitle {
  return { store, operation, where: `${places.size} tenants`, changes };
}
