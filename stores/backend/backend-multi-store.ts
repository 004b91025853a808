import { StoreError } from '../../source/kernel/errors.ts';
import { messageOf } from '../../source/kernel/thrown-text.ts';
import type { Backend } from './backend.ts';
import { CallKeys } from './call-keys.ts';
import { carryOut, type CallSetting, type CallTitle } from './backend-call.ts';
import { askForWarnings, BackendStore, checkAccepted, checkEntries, flushPlaces } from './backend-store.ts';
import { checkKey, checkKeys, checkMultiMap, checkTenant, checkTenantKeys } from '../entry-checks.ts';
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

/** Keys of tenants, in lists of one length. */
interface TenantColumns {
  readonly tenants: readonly string[];
  readonly keys: readonly string[];
}

/** The same while they are gathered. */
class TenantLists implements TenantColumns {
  readonly tenants: string[] = [];
  readonly keys: string[] = [];

  add(tenant: string, key: string): void {
    this.tenants.push(tenant);
    this.keys.push(key);
  }
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
    const { name } = this.#options;
    const seen = new MultiMap<true>();
    const wanted = new TenantLists();
    checkTenantKeys(name, 'fetch', keys);
    for (const { tenant, key } of keys) {
      checkTenant(name, 'fetch', tenant);
      checkKey(name, 'fetch', key);
      if (seen.has(tenant, key)) continue;
      seen.set(tenant, key, true);
      wanted.add(tenant, key);
    }
    const values = await this.#read('fetch', wanted, options);
    const found = new MultiMap();
    for (const [at, value] of values.entries())
      if (value !== undefined) found.set(wanted.tenants[at] ?? '', wanted.keys[at] ?? '', value);
    return found;
  }

  async push(entries: MultiMap, options?: StoreCallOptions): Promise<void> {
    checkMultiMap(this.#options.name, 'push', entries);
    const wanted = new TenantLists();
    const given: Buffer[] = [];
    for (const [tenant, values] of entries) {
      for (const [key, value] of values) {
        wanted.add(tenant, key);
        given.push(value);
      }
    }
    await this.#write('push', { tenants: wanted.tenants, keys: wanted.keys, values: given }, options);
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

  async #read(
    operation: string,
    { tenants, keys }: TenantColumns,
    options: StoreCallOptions | undefined,
  ): Promise<readonly (Buffer | undefined)[]> {
    const { name, backend } = this.#options;
    checkKeys(name, operation, keys);
    const places = this.#placesOf(operation, tenants);
    const setting = this.#setting({ operation, changes: false }, places.byTenant, options);
    const wanted = new CallKeys({ keys, place: undefined, places: places.list, tenants });
    checkAccepted(setting.title, backend, wanted);
    if (wanted.length > 0) await carryOut(setting, wanted, (call) => backend.read(call));
    return wanted.found;
  }

  async #write(
    operation: string,
    { tenants, keys, values }: TenantColumns & { readonly values: readonly Buffer[] },
    options: StoreCallOptions | undefined,
  ): Promise<void> {
    const { name, backend } = this.#options;
    checkEntries(name, operation, { keys, values });
    const places = this.#placesOf(operation, tenants);
    const setting = this.#setting({ operation, changes: true }, places.byTenant, options);
    const wanted = new CallKeys({ keys, place: undefined, places: places.list, tenants, values });
    checkAccepted(setting.title, backend, wanted);
    if (wanted.length === 0) return;
    for (const [tenant, place] of places.byTenant) this.#remember(operation, tenant, place);
    await carryOut(setting, wanted, (call) => backend.write(call));
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

  /** The place of each key's tenant, and all of them together. @throws StoreError for one without */
  #placesOf(
    operation: string,
    tenants: readonly string[],
  ): { readonly list: readonly Place[]; readonly byTenant: ReadonlyMap<string, Place> } {
    const byTenant = new Map<string, Place>();
    const list: Place[] = [];
    for (const tenant of tenants) {
      let place = byTenant.get(tenant);
      if (place === undefined) byTenant.set(tenant, (place = this.#placeOf(operation, tenant)));
      list.push(place);
    }
    this.#checkApart(operation, byTenant);
    return { list, byTenant };
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
