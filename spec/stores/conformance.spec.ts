import test from 'ava';
import { AssertionError } from 'node:assert';
import { multiStoreConformance, storeConformance, type ConformanceCase } from '../../source/testing/index.ts';
import { MapStore } from '../../stores/map-store.ts';
import { MultiMapStore } from '../../stores/multi-map-store.ts';
import { MultiMap, type MultiStore, type TenantKey } from '../../stores/multi-store.ts';
import type { Store, StoreEntries } from '../../stores/store.ts';

/** A store that is right but for what `broken` replaces. */
function storeWith(broken: (inner: MapStore) => Partial<Store>): Store {
  const inner = new MapStore();
  const right: Store = {
    get: (key) => inner.get(key),
    getAll: (keys) => inner.getAll(keys),
    put: (key, value) => inner.put(key, value),
    putAll: (entries) => inner.putAll(entries),
    delete: (key) => inner.delete(key),
    deleteAll: (keys) => inner.deleteAll(keys),
    flush: () => inner.flush(),
  };
  return { ...right, ...broken(inner) };
}

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

/** The titles of the cases that a subject fails. */
async function failing<Subject>(
  cases: readonly ConformanceCase<Subject, string>[],
  subject: () => Subject,
): Promise<string[]> {
  const failed: string[] = [];
  for (const { title, run } of cases) {
    try {
      await run(subject());
    } catch {
      failed.push(title);
    }
  }
  return failed;
}

/** Stores with one fault each, and a case that must find it. */
const brokenStores: Readonly<Record<string, readonly [title: string, make: () => Store]>> = {
  'gives null for a missing key': [
    'a key that was never put is undefined',
    () => storeWith((inner) => ({ get: async (key) => (await inner.get(key)) ?? (null as never) })),
  ],
  'takes an empty value for a missing key': [
    'a value of no bytes is a value, not a missing key',
    () =>
      storeWith((inner) => ({
        get: async (key) => {
          const value = await inner.get(key);
          return value?.length === 0 ? undefined : value;
        },
      })),
  ],
  'gives values of missing keys as undefined entries': [
    'getAll gives the values of those keys that exist, and leaves the others out',
    () =>
      storeWith((inner) => ({
        getAll: async (keys) => {
          const found = await inner.getAll(keys);
          for (const key of keys) if (!found.has(key)) found.set(key, undefined as never);
          return found;
        },
      })),
  ],
  'keeps the value it was given': [
    'a value that was put may be changed by the caller once the promise has resolved',
    () => {
      const kept = new Map<string, Buffer>();
      return storeWith((inner) => ({
        put: async (key, value) => {
          await inner.put(key, value);
          kept.set(key, value);
        },
        get: async (key) => {
          const value = await inner.get(key);
          return value === undefined ? undefined : (kept.get(key) ?? value);
        },
      }));
    },
  ],
  'hands out the value it keeps': [
    'a value that was read belongs to the caller, who may change it',
    () => {
      const kept = new Map<string, Buffer>();
      return storeWith((inner) => ({
        get: async (key) => {
          const value = kept.get(key) ?? (await inner.get(key));
          if (value !== undefined) kept.set(key, value);
          return value;
        },
      }));
    },
  ],
  'does not replace': [
    'put replaces what was there',
    () =>
      storeWith((inner) => ({
        put: async (key, value) => {
          if ((await inner.get(key)) === undefined) await inner.put(key, value);
        },
      })),
  ],
  'lets the first of two equal keys win': [
    'of a key that occurs twice in putAll the last value wins',
    () =>
      storeWith((inner) => ({ putAll: (entries: StoreEntries) => inner.putAll([...entries].toReversed()) })),
  ],
  'goes through the entries twice': [
    'putAll takes any iterable of pairs, also one that can be gone through only once',
    () =>
      storeWith((inner) => ({
        putAll: async (entries) => {
          for (const [key, value] of entries)
            if (!Buffer.isBuffer(value) || key === '') await inner.put(key, value);
          await inner.putAll(entries);
        },
      })),
  ],
  'fails to delete what is missing': [
    'to delete a missing key is no error',
    () =>
      storeWith((inner) => ({
        delete: async (key) => {
          if ((await inner.get(key)) === undefined) throw new Error('404');
          await inner.delete(key);
        },
      })),
  ],
  'forgets to delete': [
    'a key that was deleted is missing, for get and getAll',
    () => storeWith(() => ({ delete: async () => undefined })),
  ],
  'deletes by prefix': [
    'keys that look alike are different keys',
    () =>
      storeWith((inner) => ({
        delete: async (prefix) => {
          await inner.delete(prefix);
          for (const [key] of inner.entries()) if (key.startsWith(prefix)) await inner.delete(key);
        },
      })),
  ],
  'folds the case of keys': [
    'keys that look alike are different keys',
    () =>
      storeWith((inner) => ({
        put: (key, value) => inner.put(key.toLowerCase(), value),
        putAll: (entries) =>
          inner.putAll([...entries].map(([key, value]) => [key.toLowerCase(), value] as const)),
        get: (key) => inner.get(key.toLowerCase()),
      })),
  ],
  'keeps values as text': [
    'values may be any bytes, and come back as they were',
    () =>
      storeWith((inner) => ({
        put: (key, value) =>
          inner.put(key, Buffer.isBuffer(value) ? Buffer.from(value.toString('utf8')) : value),
      })),
  ],
  'keeps keys in a plain object': [
    'keys may hold any text: other scripts, signs of URLs and patterns, names of Object.prototype',
    () => {
      const entries: Record<string, Buffer> = {};
      return storeWith((inner) => ({
        put: async (key, value) => {
          await inner.put(key, value);
          entries[key] = Buffer.from(value);
        },
        delete: async (key) => {
          await inner.delete(key);
          Reflect.deleteProperty(entries, key);
        },
        get: async (key) => {
          await inner.get(key);
          return entries[key];
        },
      }));
    },
  ],
  'reads a hundred keys at most': [
    'a thousand entries are written and read in one call each',
    () => storeWith((inner) => ({ getAll: (keys) => inner.getAll(keys.slice(0, 100)) })),
  ],
  'writes a part of what it refuses': [
    'a key or value that cannot be is refused with a StoreError that names it, and nothing of that call is written',
    () =>
      storeWith((inner) => ({
        putAll: async (entries) => {
          for (const [key, value] of entries) await inner.put(key, value);
        },
      })),
  ],
  'throws errors of its own kind': [
    'a key or value that cannot be is refused with a StoreError that names it, and nothing of that call is written',
    () =>
      storeWith((inner) => ({
        put: async (key, value) => {
          if (key === '') throw new RangeError('key');
          await inner.put(key, value);
        },
      })),
  ],
  'loses writes that overlap': [
    'writes of different keys that are under way at once are all kept',
    () => {
      let busy = false;
      return storeWith((inner) => ({
        put: async (key, value) => {
          if (busy) return;
          busy = true;
          await inner.put(key, value);
          await Promise.resolve();
          busy = false;
        },
      }));
    },
  ],
  'empties itself on flush': [
    'flush may be called at any time, and changes no value',
    () =>
      storeWith((inner) => ({
        flush: async () => {
          await inner.deleteAll([...inner.entries()].map(([key]) => key));
        },
      })),
  ],
};
for (const [fault, [title, make]] of Object.entries(brokenStores)) {
  test(`a Store that ${fault} is caught by "${title}"`, async (t) => {
    const caught = await failing(
      storeConformance.filter(({ requires }) => requires !== 'reopen'),
      () => ({ store: make() }),
    );
    t.true(caught.includes(title), caught.join('\n'));
    t.true(caught.length < storeConformance.length / 2, 'and most other cases pass');
  });
}

const brokenMultiStores: Readonly<Record<string, readonly [title: string, make: () => MultiStore]>> = {
  'shares keys between tenants': [
    'one key has a value for each tenant',
    () =>
      multiStoreWith((inner) => ({
        tenant: () => inner.tenant('shared'),
        push: async (entries) => {
          for (const [, values] of entries) await inner.tenant('shared').putAll(values);
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
    'first writes of a tenant that are under way at once are all kept',
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
};
for (const [fault, [title, make]] of Object.entries(brokenMultiStores)) {
  test(`a MultiStore that ${fault} is caught by "${title}"`, async (t) => {
    const caught = await failing(
      multiStoreConformance.filter(({ requires }) => requires !== 'reopen'),
      () => ({ store: make() }),
    );
    t.true(caught.includes(title), caught.join('\n'));
    t.true(caught.length < multiStoreConformance.length - 1, 'and other cases pass');
  });
}

test('titles are told apart, and the lists cannot be changed', (t) => {
  for (const cases of [storeConformance, multiStoreConformance]) {
    t.is(new Set(cases.map(({ title }) => title)).size, cases.length);
    t.true(Object.isFrozen(cases));
  }
});

test('stores that can be opened again must read what was written before; a subject without reopen is told so', async (t) => {
  const backend = new MapStore();
  const multi = new MultiMapStore();
  const [one] = storeConformance.filter(({ requires }) => requires === 'reopen');
  const [other] = multiStoreConformance.filter(({ requires }) => requires === 'reopen');
  await t.notThrowsAsync(async () => one?.run({ store: backend, reopen: () => backend }));
  await t.notThrowsAsync(async () =>
    other?.run({ store: multi, reopen: () => multi, tenant: (name) => `t-${name}` }),
  );
  await t.throwsAsync(async () => one?.run({ store: backend, reopen: () => new MapStore() }), {
    instanceOf: AssertionError,
  });
  await t.throwsAsync(async () => other?.run({ store: multi, reopen: () => new MultiMapStore() }), {
    instanceOf: AssertionError,
  });
  await t.throwsAsync(async () => one?.run({ store: backend }), { message: /must have a reopen function/ });
  await t.throwsAsync(async () => other?.run({ store: multi }), { message: /must have a reopen function/ });
});
