import type { Store } from '../../stores/store.ts';
import { allOf, storeWith, storeWithEntries, storeWithKeys } from './store-with.ts';
import { keyFaults } from './key-faults.ts';

/** Stores with one fault each in `entries`, and a case that must find it. */
export const brokenLists: Readonly<Record<string, readonly [title: string, make: () => Store]>> = {
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
