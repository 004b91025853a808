import { StoreError } from '../../source/kernel/errors.ts';
import type { Store, StoreEntries } from '../../stores/store.ts';
import { brokenLists } from './broken-lists.ts';
import { brokenValues } from './broken-values.ts';
import { allKeys, storeWith } from './store-with.ts';

/** Stores with one fault each, and a case that must find it. */
export const brokenStores: Readonly<Record<string, readonly [title: string, make: () => Store]>> = {
  ...brokenValues,
  ...brokenLists,
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
          for (const key of await allKeys(inner)) if (key.startsWith(prefix)) await inner.delete(key);
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
    'writes of different keys that are in flight together are all kept',
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
          await inner.deleteAll(await allKeys(inner));
        },
      })),
  ],
  'brings back by flush what was deleted': [
    'flush does not bring back what was deleted',
    () => {
      const kept = new Map<string, Buffer>();
      return storeWith((inner) => ({
        flush: async () => {
          for await (const [key, value] of inner.entries()) kept.set(key, value);
          await inner.putAll([...kept]);
        },
      }));
    },
  ],
  'ignores puts of a key beyond ten': [
    'of puts one after another the last one wins, however many',
    () => {
      const counts = new Map<string, number>();
      return storeWith((inner) => ({
        put: async (key, value) => {
          counts.set(key, (counts.get(key) ?? 0) + 1);
          if ((counts.get(key) ?? 0) <= 10) await inner.put(key, value);
        },
      }));
    },
  ],
  'fails for the second of two deletes': [
    'a delete may be repeated',
    () => {
      const deleted = new Set<string>();
      return storeWith((inner) => ({
        delete: async (key) => {
          if (deleted.has(key)) throw new Error('404');
          await inner.delete(key);
          deleted.add(key);
        },
      }));
    },
  ],
  'fails for a key that deleteAll names twice': [
    'deleteAll takes a key that is named twice',
    () =>
      storeWith((inner) => ({
        deleteAll: async (keys) => {
          if (new Set(keys).size < keys.length) throw new Error('twice');
          await inner.deleteAll(keys);
        },
      })),
  ],
  'fails for a key that getAll names twice': [
    'getAll takes a key that is named twice',
    () =>
      storeWith((inner) => ({
        getAll: async (keys) => {
          if (new Set(keys).size < keys.length) throw new Error('twice');
          return inner.getAll(keys);
        },
      })),
  ],
  'sorts the list it is given': [
    'lists and Maps that are passed in stay as they are',
    () => storeWith((inner) => ({ getAll: (keys) => inner.getAll((keys as string[]).sort()) })),
  ],
  'reads four thousand keys at most': [
    'ten thousand keys are written, read and deleted in one call each',
    () => storeWith((inner) => ({ getAll: (keys) => inner.getAll(keys.slice(0, 4000)) })),
  ],
  'writes nothing of a one-time iterable': [
    'putAll takes any iterable of pairs, also one that can be gone through only once',
    () =>
      storeWith((inner) => ({
        putAll: (entries) => inner.putAll(Array.isArray(entries) || entries instanceof Map ? entries : []),
      })),
  ],
  'replaces everything by putAll of a Map': [
    'putAll writes all entries of a Map, and leaves other keys as they are',
    () =>
      storeWith((inner) => ({
        putAll: async (entries) => {
          if (entries instanceof Map && entries.size > 0) await inner.deleteAll(await allKeys(inner));
          await inner.putAll(entries);
        },
      })),
  ],
  'fails for nothing to do': [
    'putAll and deleteAll of nothing do nothing',
    () =>
      storeWith((inner) => ({
        deleteAll: async (keys) => {
          if (keys.length === 0) throw new Error('empty');
          await inner.deleteAll(keys);
        },
      })),
  ],
  'reads everything when no keys are named': [
    'getAll of no keys is empty',
    () =>
      storeWith((inner) => ({
        getAll: async (keys) =>
          keys.length > 0 ? inner.getAll(keys) : new Map([['every', Buffer.from('key')]]),
      })),
  ],
  'deletes the next key, too': [
    'deleteAll removes all that it names, and nothing else',
    () =>
      storeWith((inner) => ({
        deleteAll: async (keys) => {
          const all = await allKeys(inner);
          const next = all[all.indexOf(keys.at(-1) ?? '') + 1];
          await inner.deleteAll(next === undefined ? keys : [...keys, next]);
        },
      })),
  ],
  'never forgets a deletion': [
    'a key that was deleted can be put again',
    () => {
      const deleted = new Set<string>();
      return storeWith((inner) => ({
        delete: async (key) => {
          await inner.delete(key);
          deleted.add(key);
        },
        get: async (key) => {
          const value = await inner.get(key);
          return deleted.has(key) ? undefined : value;
        },
      }));
    },
  ],
  'leaves empty keys out of getAll': [
    'getAll with an empty key is refused',
    () => storeWith((inner) => ({ getAll: (keys) => inner.getAll(keys.filter((key) => key !== '')) })),
  ],
  'leaves empty keys out of putAll': [
    'putAll with an empty key is refused, and writes nothing',
    () =>
      storeWith((inner) => ({
        putAll: (entries) => inner.putAll([...entries].filter(([key]) => key !== '')),
      })),
  ],
  'deletes until it meets a bad key': [
    'deleteAll with an empty key is refused, and deletes nothing',
    () =>
      storeWith((inner) => ({
        deleteAll: async (keys) => {
          for (const key of keys) await inner.delete(key);
        },
      })),
  ],
  'makes text of any key': [
    'a key that is no text is refused',
    () => storeWith((inner) => ({ get: (key) => inner.get(typeof key === 'string' ? key : 'key') })),
  ],
  'mends half a surrogate pair': [
    'a key with half a surrogate pair is refused: it has no bytes of its own',
    () =>
      storeWith((inner) => ({
        get: (key) => inner.get(typeof key === 'string' ? key.replace(/\p{Surrogate}/gu, '\ufffd') : key),
      })),
  ],
  ...Object.fromEntries(
    (
      [
        ['null', (value: unknown) => value === null],
        ['undefined', (value: unknown) => value === undefined],
        ['text', (value: unknown) => typeof value === 'string'],
        ['an object', (value: unknown) => typeof value === 'object' && value?.constructor === Object],
        [
          'a Uint8Array that is no Buffer',
          (value: unknown) => value instanceof Uint8Array && !Buffer.isBuffer(value),
        ],
      ] as const
    ).map(([what, fits]) => [
      `makes bytes of ${what}`,
      [
        `as a value ${what} is refused, and nothing is written`,
        () =>
          storeWith((inner) => ({
            put: (key: string, value: Buffer) => inner.put(key, fits(value) ? Buffer.from('{}') : value),
          })),
      ] as const,
    ]),
  ),
  'throws before it gives a promise': [
    'a refusal is a rejection: no method throws before it has given its promise',
    () =>
      storeWith((inner) => ({
        get: (key) => {
          if (key === '') throw new StoreError('empty', { store: 's', operation: 'get' });
          return inner.get(key);
        },
      })),
  ],
  'calls wrong input retriable': [
    'a StoreError names its operation, and is not retriable when the input is what is wrong',
    () =>
      storeWith((inner) => ({
        put: async (key, value) => {
          if (key === '')
            throw new StoreError('empty', { store: 's', operation: 'put', keys: [''], retriable: true });
          await inner.put(key, value);
        },
      })),
  ],
};
