import { MapStore } from '../../stores/map-store.ts';
import type { Store } from '../../stores/store.ts';
import { allOf, storeWith, storeWithValues } from './store-with.ts';

/** Stores with one fault each in what they read and keep, and a case that must find it. */
export const brokenValues: Readonly<Record<string, readonly [title: string, make: () => Store]>> = {
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
  'keeps values as text': [
    'values may be any bytes, and come back as they were',
    () =>
      storeWith((inner) => ({
        put: (key, value) =>
          inner.put(key, Buffer.isBuffer(value) ? Buffer.from(value.toString('utf8')) : value),
      })),
  ],
  'lags one put behind in getAll': [
    'what was put is seen by the next read, without flush',
    () => {
      let last: string | undefined;
      return storeWith((inner) => ({
        put: async (key, value) => {
          await inner.put(key, value);
          last = key;
        },
        getAll: async (keys) => {
          const found = await inner.getAll(keys);
          if (last !== undefined) found.delete(last);
          last = undefined;
          return found;
        },
      }));
    },
  ],
  'keeps what the first flush saw': [
    'flush keeps the last of several values',
    () => {
      const kept = new Map<string, Buffer>();
      return storeWith((inner) => ({
        flush: async () => {
          for (const [key, value] of await allOf(inner)) {
            const first = kept.get(key);
            if (first === undefined) kept.set(key, value);
            else await inner.put(key, first);
          }
        },
      }));
    },
  ],
  'does not replace in putAll': [
    'putAll replaces what put wrote, and put what putAll wrote',
    () =>
      storeWith((inner) => ({
        putAll: async (entries) => {
          const given = new Map(entries);
          await new MapStore().putAll(given);
          for (const key of (await inner.getAll([...given.keys()])).keys()) given.delete(key);
          await inner.putAll(given);
        },
      })),
  ],
  'fails for a value that is there already': [
    'the same value may be put again',
    () =>
      storeWith((inner) => ({
        put: async (key, value) => {
          if (Buffer.isBuffer(value) && (await inner.get(key))?.equals(value) === true)
            throw new Error('409');
          await inner.put(key, value);
        },
      })),
  ],
  'leaves the end of a longer value': [
    'a shorter value leaves nothing of the longer one that it replaces',
    () =>
      storeWith((inner) => ({
        put: async (key, value) => {
          const before = key === '' ? undefined : await inner.get(key);
          const rest =
            Buffer.isBuffer(value) && before !== undefined ? before.subarray(value.length) : undefined;
          await inner.put(key, rest === undefined ? value : Buffer.concat([value, rest]));
        },
      })),
  ],
  'never lets a value grow': [
    'a longer value replaces a shorter one whole',
    () =>
      storeWith((inner) => ({
        putAll: async (entries) => {
          const given = new Map(entries);
          await new MapStore().putAll(given);
          for (const [key, before] of await inner.getAll([...given.keys()]))
            given.set(key, (given.get(key) ?? before).subarray(0, before.length));
          await inner.putAll(given);
        },
      })),
  ],
  'cuts values at 65,535 bytes': [
    'values of 60,000 to 70,000 bytes are kept whole',
    () => storeWithValues((value) => value.subarray(0, 65_535)),
  ],
  'takes an empty document for none': [
    'an empty document is a value, not a missing key',
    () =>
      storeWith((inner) => ({
        get: async (key) => {
          const value = await inner.get(key);
          return value?.toString() === '{}' ? undefined : value;
        },
      })),
  ],
  'keeps text in one byte a letter': [
    'text of all scripts in a value comes back as it was',
    () =>
      storeWithValues((value) => {
        const text = value.toString();
        return text.startsWith('{') ? Buffer.from(text, 'latin1') : value;
      }),
  ],
  'reads numbers and writes them again': [
    'numbers in a document keep all their digits',
    () =>
      storeWithValues((value) =>
        value.toString('latin1').startsWith('{"')
          ? Buffer.from(JSON.stringify(JSON.parse(value.toString())))
          : value,
      ),
  ],
  'wipes the values it is given': [
    'values that are passed in stay as they are',
    () =>
      storeWith((inner) => ({
        put: async (key, value) => {
          await inner.put(key, value);
          value.fill(0);
        },
      })),
  ],
  'hands out the Map it keeps': [
    'the Map of getAll belongs to the caller, who may change it',
    () => {
      const kept = new Map<string, Map<string, Buffer>>();
      return storeWith((inner) => ({
        getAll: async (keys) => {
          const name = keys.join();
          const found = (keys.length === 1 ? kept.get(name) : undefined) ?? (await inner.getAll(keys));
          kept.set(name, found);
          return found;
        },
      }));
    },
  ],
  'mixes up answers': [
    'reads that are in flight together each get their own answer',
    () => {
      let wanted = '';
      return storeWith((inner) => ({
        get: async (key) => {
          wanted = key;
          await inner.get(key);
          return inner.get(wanted);
        },
      }));
    },
  ],
  'cuts values at a megabyte': [
    'a value of a megabyte is kept whole',
    () => storeWithValues((value) => value.subarray(0, 1024 * 1024)),
  ],
  'gives bytes that are no Buffer': [
    'what was put is read again, as a Buffer',
    () =>
      storeWith((inner) => ({
        get: async (key) => {
          const value = await inner.get(key);
          return value !== undefined && key.startsWith('key-') ? (Uint8Array.from(value) as Buffer) : value;
        },
      })),
  ],
};
