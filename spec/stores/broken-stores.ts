import { StoreError } from '../../source/kernel/errors.ts';
import { MapStore } from '../../stores/map-store.ts';
import type { EntriesOptions, Store, StoreEntries } from '../../stores/store.ts';
import { keyFaults } from './key-faults.ts';

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
    entries: (options) => inner.entries(options),
  };
  return { ...right, ...broken(inner) };
}

/** A store that lists what `change` makes of a correct list. */
function storeWithEntries(
  change: (inner: MapStore, options: EntriesOptions) => AsyncIterable<[string, Buffer]>,
): Store {
  return storeWith((inner) => ({ entries: (options = {}) => change(inner, options) }));
}

async function allOf(inner: MapStore, options?: EntriesOptions): Promise<[string, Buffer][]> {
  const all: [string, Buffer][] = [];
  for await (const entry of inner.entries(options)) all.push(entry);
  return all;
}

async function allKeys(inner: MapStore): Promise<string[]> {
  return (await allOf(inner)).map(([key]) => key);
}

/** A store that changes keys before it uses them. */
function storeWithKeys(change: (key: string) => string): Store {
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
function storeWithValues(change: (value: Buffer) => Buffer): Store {
  const changed = (value: Buffer) => (Buffer.isBuffer(value) ? change(value) : value);
  return storeWith((inner) => ({
    put: (key, value) => inner.put(key, changed(value)),
    putAll: (entries) => inner.putAll([...entries].map(([key, value]) => [key, changed(value)] as const)),
  }));
}

/** Stores with one fault each, and a case that must find it. */
export const brokenStores: Readonly<Record<string, readonly [title: string, make: () => Store]>> = {
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
  'reads four thousand keys at most': [
    'ten thousand keys are written, read and deleted in one call each',
    () => storeWith((inner) => ({ getAll: (keys) => inner.getAll(keys.slice(0, 4000)) })),
  ],
  'cuts values at a megabyte': [
    'a value of a megabyte is kept whole',
    () => storeWithValues((value) => value.subarray(0, 1024 * 1024)),
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
  'lists keys in the order of UTF-16': [
    'the order of entries is that of the bytes of UTF-8, also where that of UTF-16 is another one',
    () =>
      storeWithEntries(async function* (inner, options) {
        yield* (await allOf(inner, options)).sort(([one], [other]) => (one < other ? -1 : 1));
      }),
  ],
  'lists keys as they were put first': [
    'entries lists what was put, each key once, with its last value, in the order of the keys',
    () => {
      const order = new Map<string, number>();
      return storeWith((inner) => ({
        putAll: async (entries) => {
          const given = [...entries];
          await inner.putAll(given);
          for (const [key] of given) if (!order.has(key)) order.set(key, order.size);
        },
        async *entries(options) {
          const place = ([key]: [string, Buffer]) => order.get(key) ?? 0;
          yield* (await allOf(inner, options)).sort((one, other) => place(one) - place(other));
        },
      }));
    },
  ],
  'lists nothing without a prefix': [
    'entries without options lists everything',
    () =>
      storeWithEntries(async function* (inner, options) {
        if (Object.keys(options).length > 0) yield* inner.entries(options);
      }),
  ],
  'lists the end of a range, too': [
    'entries begins with from, and ends before to',
    () =>
      storeWithEntries((inner, { to, ...rest }) =>
        inner.entries(typeof to === 'string' ? { ...rest, to: `${to}\0` } : { ...rest, to: to as never }),
      ),
  ],
  'forgets a range where there is no prefix': [
    'from and to bound entries without a prefix, too',
    () =>
      storeWithEntries((inner, { from, to, prefix, ...rest }) =>
        inner.entries(
          prefix === undefined
            ? from === to
              ? ({ from, to } as never)
              : { ...rest }
            : ({ from, to, prefix, ...rest } as never),
        ),
      ),
  ],
  'compares bounds by UTF-16': [
    'from and to are compared as keys are: by the bytes of UTF-8',
    () =>
      storeWithEntries(async function* (inner, options) {
        for await (const entry of inner.entries(options))
          if ((options.from ?? '') <= entry[0] && (options.to === undefined || entry[0] < options.to))
            yield entry;
      }),
  ],
  'turns a range round': [
    'entries of a range that is empty, or turned round, are none',
    () =>
      storeWithEntries((inner, options) => {
        const { from, to, ...rest } = options;
        return inner.entries(
          typeof from === 'string' && typeof to === 'string' && from > to
            ? { ...rest, from: to, to: from }
            : options,
        );
      }),
  ],
  'leaves out the key that is the prefix': [
    'a key that is the prefix itself is among its entries, and its neighbours are not',
    () =>
      storeWithEntries(async function* (inner, options) {
        for await (const entry of inner.entries(options)) if (entry[0] !== options.prefix) yield entry;
      }),
  ],
  'takes a prefix for a pattern': [
    'a prefix is no pattern: its characters are taken literally',
    () =>
      storeWithEntries(async function* (inner, options) {
        const { prefix, ...rest } = options;
        if (typeof prefix !== 'string' || !/[*?]/.test(prefix)) {
          yield* inner.entries(options);
          return;
        }
        const pattern = new RegExp(`^${prefix.replaceAll('*', '.*').replaceAll('?', '.')}`, 's');
        for await (const entry of inner.entries(rest)) if (pattern.test(entry[0])) yield entry;
      }),
  ],
  'lists the values that it keeps': [
    'the value of an entry belongs to the caller, who may change it',
    () => {
      const kept = new Map<string, Buffer>();
      return storeWith((inner) => ({
        async *entries(options) {
          for await (const [key, value] of inner.entries(options)) {
            const same = kept.get(key) ?? value;
            kept.set(key, same);
            yield [key, same];
          }
        },
      }));
    },
  ],
  'goes on where a list was left': [
    'entries may be left early, and begun again, also two at the same time',
    () => {
      let left: string | undefined;
      return storeWith((inner) => ({
        async *entries(options) {
          const after = left;
          for await (const entry of inner.entries(options)) {
            if (after !== undefined && entry[0] <= after) continue;
            left = entry[0];
            yield entry;
          }
          left = undefined;
        },
      }));
    },
  ],
  'fails for a key that is gone since it was listed': [
    'entries continue while the store is written to: what stays as it is comes once, what is gone does not fail them',
    () =>
      storeWithEntries(async function* (inner, options) {
        for (const [key] of await allOf(inner, options)) {
          const value = await inner.get(key);
          if (value === undefined) throw new Error('gone');
          yield [key, value];
        }
      }),
  ],
  'lists a thousand entries at most': [
    'two thousand five hundred entries come one by one, each once, in order',
    () =>
      storeWithEntries(async function* (inner, options) {
        yield* (await allOf(inner, options)).slice(0, 1000);
      }),
  ],
  'throws before a list is begun': [
    'bounds of entries that are no text are refused with a StoreError, at the first step',
    () =>
      storeWithEntries((inner, options) => {
        if (typeof (options.from ?? '') !== 'string') throw new TypeError('from');
        return inner.entries(options);
      }),
  ],
  ...Object.fromEntries(
    Object.entries(keyFaults).map(([difference, change]) => [
      `takes keys that differ ${difference} for one`,
      [`keys that differ ${difference} are two keys, for every method`, () => storeWithKeys(change)] as const,
    ]),
  ),
};
