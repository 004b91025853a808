import { MapStore } from '../../stores/map-store.ts';
import type { EntriesOptions, Store } from '../../stores/store.ts';

/** A store that is right but for what `broken` replaces. */
export function storeWith(broken: (inner: MapStore) => Partial<Store>): Store {
  const inner = new MapStore();
  const right: Store = {
    get: (key) => inner.get(key),
    getAll: (keys) => inner.getAll(keys),
    put: (key, value) => inner.put(key, value),
    putAll: (entries) => inner.putAll(entries),
    delete: (key) => inner.delete(key),
    deleteAll: (keys) => inner.deleteAll(keys),
    flush: () => inner.flush(),
    entries: (options) => inner.entries(options),
  };
  return { ...right, ...broken(inner) };
}

/** A store that lists what `change` makes of a correct list. */
export function storeWithEntries(
  change: (inner: MapStore, options: EntriesOptions) => AsyncIterable<[string, Buffer]>,
): Store {
  return storeWith((inner) => ({ entries: (options = {}) => change(inner, options) }));
}

export async function allOf(inner: MapStore, options?: EntriesOptions): Promise<[string, Buffer][]> {
  const all: [string, Buffer][] = [];
  for await (const entry of inner.entries(options)) all.push(entry);
  return all;
}

export async function allKeys(inner: MapStore): Promise<string[]> {
  return (await allOf(inner)).map(([key]) => key);
}

/** A store that changes keys before it uses them. */
export function storeWithKeys(change: (key: string) => string): Store {
  const changed = (key: string) => (typeof key === 'string' && key !== '' ? change(key) : key);
  return storeWith((inner) => ({
    get: (key) => inner.get(changed(key)),
    async getAll(keys) {
      const found = await inner.getAll(keys.map(changed));
      const filed = new Map<string, Buffer>();
      for (const key of keys) {
        const value = found.get(changed(key));
        if (value !== undefined) filed.set(key, value);
      }
      return filed;
    },
    put: (key, value) => inner.put(changed(key), value),
    putAll: (entries) => inner.putAll([...entries].map(([key, value]) => [changed(key), value] as const)),
    delete: (key) => inner.delete(changed(key)),
    deleteAll: (keys) => inner.deleteAll(keys.map(changed)),
  }));
}

/** A store that changes values before it writes them. */
export function storeWithValues(change: (value: Buffer) => Buffer): Store {
  const changed = (value: Buffer) => (Buffer.isBuffer(value) ? change(value) : value);
  return storeWith((inner) => ({
    put: (key, value) => inner.put(key, changed(value)),
    putAll: (entries) => inner.putAll([...entries].map(([key, value]) => [key, changed(value)] as const)),
  }));
}
