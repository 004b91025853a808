import { MapStore } from '../../stores/map-store.ts';
import { MultiMapStore } from '../../stores/multi-map-store.ts';
import { MultiMap, type MultiStore, type TenantKey } from '../../stores/multi-store.ts';
import type { ListedStore, Store } from '../../stores/store.ts';
import { keyFaults } from './key-faults.ts';

function multiStoreWith(broken: (inner: MultiMapStore) => Partial<MultiStore>): MultiStore {
  const inner = new MultiMapStore();
  const right: MultiStore = {
    tenant: (tenant) => inner.tenant(tenant),
    allTenants: () => inner.allTenants(),
    fetch: (keys) => inner.fetch(keys),
    push: (entries) => inner.push(entries),
    flush: () => inner.flush(),
  };
  return { ...right, ...broken(inner) };
}

/** A MultiStore that changes keys before it uses them in push and fetch. */
function multiStoreWithKeys(change: (key: string) => string): MultiStore {
  const changed = (key: string) => (key === '' ? key : change(key));
  return multiStoreWith((inner) => ({
    push: (entries) => {
      const filed = new MultiMap();
      for (const [tenant, values] of entries)
        for (const [key, value] of values) filed.set(tenant, changed(key), value);
      return inner.push(filed);
    },
    fetch: async (keys) => {
      const found = await inner.fetch(keys.map(({ tenant, key }) => ({ tenant, key: changed(key) })));
      const filed = new MultiMap();
      for (const { tenant, key } of keys) {
        const value = found.get(tenant, changed(key));
        if (value !== undefined) filed.set(tenant, key, value);
      }
      return filed;
    },
  }));
}

/** The store of a tenant, right but for what `broken` replaces. */
function tenantWith(
  inner: MultiMapStore,
  tenant: string,
  broken: (store: ListedStore) => Partial<Store>,
): Store {
  const store = inner.tenant(tenant);
  return {
    get: (key) => store.get(key),
    getAll: (keys) => store.getAll(keys),
    put: (key, value) => store.put(key, value),
    putAll: (entries) => store.putAll(entries),
    delete: (key) => store.delete(key),
    deleteAll: (keys) => store.deleteAll(keys),
    flush: () => store.flush(),
    entries: (options) => store.entries(options),
    ...broken(store),
  };
}

/** MultiStores with one fault each, and a case that must find it. */
export const brokenMultiStores: Readonly<Record<string, readonly [title: string, make: () => MultiStore]>> = {
  'shares keys between tenants': [
    'one key has a value for each tenant',
    () =>
      multiStoreWith((inner) => ({
        tenant: () => inner.tenant('shared'),
        push: async (entries) => {
          for (const [, values] of entries) await inner.tenant('shared').putAll(values);
        },
        fetch: async (keys) => {
          const found = new MultiMap();
          for (const { tenant, key } of keys) {
            const value = await inner.tenant('shared').get(key);
            if (value !== undefined) found.set(tenant, key, value);
          }
          return found;
        },
      })),
  ],
  'files everything under one tenant': [
    'what was pushed is fetched, filed under its tenants',
    () =>
      multiStoreWith((inner) => ({
        fetch: async (keys) => {
          const found = await inner.fetch(keys);
          const filed = new MultiMap();
          for (const [, values] of found)
            for (const [key, value] of values) filed.set(keys[0]?.tenant ?? '', key, value);
          return filed;
        },
      })),
  ],
  'makes tenants by reading': [
    'reading never makes a tenant',
    () => {
      const seen = new Set<string>();
      return multiStoreWith((inner) => ({
        fetch: (keys: readonly TenantKey[]) => {
          for (const { tenant } of keys) seen.add(tenant);
          return inner.fetch(keys);
        },
        allTenants: () => [...new Set([...seen, ...inner.allTenants()])].sort(),
      }));
    },
  ],
  'lists tenants as they came': [
    'allTenants lists those that were written to, each once, sorted',
    () => {
      const seen: string[] = [];
      return multiStoreWith((inner) => ({
        push: async (entries) => {
          seen.push(...entries.tenants());
          await inner.push(entries);
        },
        allTenants: () => seen,
      }));
    },
  ],
  'joins tenant and key without a separator': [
    'tenant and key do not run into one another',
    () =>
      multiStoreWith((inner) => ({
        tenant: (tenant) =>
          tenantWith(inner, 'all', (store) => ({
            get: (key) => store.get(tenant + key),
            put: (key, value) => store.put(tenant + key, value),
          })),
        push: async (entries) => {
          for (const [tenant, values] of entries)
            for (const [key, value] of values) await inner.tenant('all').put(tenant + key, value);
        },
        fetch: async (keys) => {
          const found = new MultiMap();
          for (const { tenant, key } of keys) {
            const value = await inner.tenant('all').get(tenant + key);
            if (value !== undefined) found.set(tenant, key, value);
          }
          return found;
        },
      })),
  ],
  'replaces a whole tenant': [
    'push replaces what was there, and leaves the rest of the tenant',
    () =>
      multiStoreWith((inner) => ({
        push: async (entries) => {
          for (const tenant of entries.tenants())
            await inner.tenant(tenant).deleteAll(['x', 'y'].filter((key) => !entries.has(tenant, key)));
          await inner.push(entries);
        },
      })),
  ],
  'lets only one first writer in': [
    'first writes of a tenant that are in flight together are all kept',
    () => {
      const busy = new Set<string>();
      return multiStoreWith((inner) => ({
        tenant: (tenant) => {
          const store = inner.tenant(tenant);
          if (busy.has(tenant)) return new MapStore();
          busy.add(tenant);
          setImmediate(() => busy.delete(tenant));
          return store;
        },
      }));
    },
  ],
  'writes a part of what it refuses': [
    'what cannot be is refused with a StoreError, and nothing of that push is written',
    () =>
      multiStoreWith((inner) => ({
        push: async (entries) => {
          for (const [tenant, values] of entries)
            for (const [key, value] of values) await inner.tenant(tenant).put(key, value);
        },
      })),
  ],
  'makes tenants by deleting': [
    'to delete makes no tenant',
    () => {
      const seen = new Set<string>();
      return multiStoreWith((inner) => ({
        tenant: (tenant) =>
          tenantWith(inner, tenant, (store) => ({
            delete: async (key) => {
              seen.add(tenant);
              await store.delete(key);
            },
          })),
        allTenants: () => [...new Set([...seen, ...inner.allTenants()])].sort(),
      }));
    },
  ],
  'makes tenants by writing nothing': [
    'a write of nothing makes no tenant',
    () => {
      const seen = new Set<string>();
      return multiStoreWith((inner) => ({
        tenant: (tenant) =>
          tenantWith(inner, tenant, (store) => ({
            putAll: async (entries) => {
              seen.add(tenant);
              await store.putAll(entries);
            },
          })),
        allTenants: () => [...new Set([...seen, ...inner.allTenants()])].sort(),
      }));
    },
  ],
  'knows tenants of push alone': [
    'a tenant is known after a put to its store alone',
    () => {
      const seen = new Set<string>();
      return multiStoreWith((inner) => ({
        push: async (entries) => {
          for (const tenant of entries.tenants()) seen.add(tenant);
          await inner.push(entries);
        },
        allTenants: () => [...seen].sort(),
      }));
    },
  ],
  'sorts the keys it is given': [
    'what is passed in stays as it is',
    () =>
      multiStoreWith((inner) => ({
        fetch: (keys) =>
          inner.fetch((keys as TenantKey[]).sort((one, other) => (one.tenant < other.tenant ? -1 : 1))),
      })),
  ],
  'fetches a hundred keys at most': [
    'a thousand keys of one tenant are pushed and fetched in one call each',
    () => multiStoreWith((inner) => ({ fetch: (keys) => inner.fetch(keys.slice(0, 100)) })),
  ],
  'cuts values at 65,535 bytes': [
    'a large value is pushed and fetched whole',
    () =>
      multiStoreWith((inner) => ({
        fetch: async (keys) => {
          const cut = new MultiMap();
          for (const [tenant, values] of await inner.fetch(keys))
            for (const [key, value] of values) cut.set(tenant, key, value.subarray(0, 65_535));
          return cut;
        },
      })),
  ],
  'gives an entry for each key while it is empty': [
    'fetch of nothing, and of what is missing, is empty',
    () =>
      multiStoreWith((inner) => ({
        fetch: async (keys) => {
          const found = await inner.fetch(keys);
          for (const { tenant, key } of keys)
            if (inner.allTenants().length === 0) found.set(tenant, key, undefined as never);
          return found;
        },
      })),
  ],
  'fails when one key is missing': [
    'fetch leaves out what a tenant lacks, though another tenant has it',
    () =>
      multiStoreWith((inner) => ({
        fetch: async (keys) => {
          const found = await inner.fetch(keys);
          if (found.size > 0 && found.size < keys.length) throw new Error('missing');
          return found;
        },
      })),
  ],
  'fails for a key that is named twice': [
    'fetch takes a key that is named twice',
    () =>
      multiStoreWith((inner) => ({
        fetch: async (keys) => {
          if (new Set(keys.map(({ tenant, key }) => JSON.stringify([tenant, key]))).size < keys.length)
            throw new Error('twice');
          return inner.fetch(keys);
        },
      })),
  ],
  'fails to push nothing': [
    'push of nothing does nothing',
    () =>
      multiStoreWith((inner) => ({
        push: async (entries) => {
          if (entries.size === 0) throw new Error('empty');
          await inner.push(entries);
        },
      })),
  ],
  'fetches from a copy of its own': [
    "a tenant's store and fetch see each other's writes",
    () => {
      const pushed = new MultiMapStore();
      return multiStoreWith((inner) => ({
        push: async (entries) => {
          await inner.push(entries);
          await pushed.push(entries);
        },
        fetch: (keys) => pushed.fetch(keys),
      }));
    },
  ],
  'deletes keys of all tenants': [
    'to delete a key of one tenant leaves that of another',
    () =>
      multiStoreWith((inner) => ({
        tenant: (tenant) =>
          tenantWith(inner, tenant, () => ({
            deleteAll: async (keys) => {
              for (const each of inner.allTenants()) await inner.tenant(each).deleteAll(keys);
            },
          })),
      })),
  ],
  'keeps the values it was given': [
    'values belong to the caller: neither side can change those of the other',
    () => {
      const kept = new MultiMap();
      return multiStoreWith((inner) => ({
        push: async (entries) => {
          await inner.push(entries);
          for (const [tenant, values] of entries)
            for (const [key, value] of values) kept.set(tenant, key, value);
        },
        fetch: async (keys) => {
          const found = await inner.fetch(keys);
          for (const tenant of found.tenants())
            for (const key of found.tenant(tenant).keys())
              found.set(tenant, key, kept.get(tenant, key) ?? (found.get(tenant, key) as Buffer));
          return found;
        },
      }));
    },
  ],
  'forgets a tenant by flush': [
    'flush may be called at any time, and changes no value',
    () => {
      let inner = new MultiMapStore();
      return {
        tenant: (tenant) => inner.tenant(tenant),
        allTenants: () => inner.allTenants(),
        fetch: (keys) => inner.fetch(keys),
        push: (entries) => inner.push(entries),
        flush: async () => {
          inner = new MultiMapStore();
        },
      };
    },
  ],
  'lists the entries of all tenants whose names begin alike': [
    "entries of a tenant's store are its own, also where a tenant's name begins with another's, and make no tenant",
    () =>
      multiStoreWith((inner) => ({
        tenant: (tenant) =>
          tenantWith(inner, tenant, () => ({
            async *entries(options) {
              for (const each of inner.allTenants())
                if (each.startsWith(tenant)) yield* inner.tenant(each).entries(options);
            },
          })),
      })),
  ],
  ...Object.fromEntries(
    Object.entries(keyFaults).map(([difference, change]) => [
      `takes keys that differ ${difference} for one`,
      [
        `push and fetch take keys that differ ${difference} for two`,
        () => multiStoreWithKeys(change),
      ] as const,
    ]),
  ),
};
