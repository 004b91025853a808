import assert from 'node:assert/strict';
import type { StoreError } from '../../kernel/errors.ts';
import type { EntriesOptions, Store } from '../../../stores/store.ts';
import { fresh, valueOf, type ConformanceCase } from './conformance-case.ts';
import { listed } from './listed.ts';
import type { StoreFeature, StoreSubject } from './store-subject.ts';

/** What `entries` lists, in which order, and what becomes of what changes meanwhile. */
export const storeEntriesCases: readonly ConformanceCase<StoreSubject, StoreFeature>[] = (
  [
    {
      title: 'entries lists what was put, each key once, with its last value, in the order of the keys',
      async run({ store }) {
        const root = fresh('key');
        await store.putAll(['c', 'a', 'b'].map((end, at) => [root + end, valueOf(at)] as const));
        await store.put(`${root}a`, valueOf(9));
        await store.delete(`${root}b`);
        assert.deepEqual(await entriesOf(store, { prefix: root }), [
          [`${root}a`, valueOf(9)],
          [`${root}c`, valueOf(0)],
        ]);
      },
    },
    {
      title: 'entries without options lists everything',
      async run({ store }) {
        const keys = ['\u0001', 'a', '🔑'].map(fresh);
        await store.putAll(keys.map((key, at) => [key, valueOf(at)] as const));
        const all = await entriesOf(store);
        const mine = all.filter(([key]) => keys.includes(key));
        assert.deepEqual(
          mine.map(([key]) => key),
          keys,
        );
      },
    },
    {
      title: 'the order of entries is that of the bytes of UTF-8, also where that of UTF-16 is another one',
      async run({ store }) {
        const root = fresh('key');
        const ends = [
          '',
          '\0',
          ' ',
          '/',
          '10',
          '2',
          'A',
          'B',
          'a',
          'aa',
          'b',
          'é',
          'ключ',
          '鍵',
          '｡',
          '\uffff',
          '🔑',
          '🔒',
        ];
        await store.putAll(ends.toReversed().map((end, at) => [root + end, valueOf(at)] as const));
        assert.deepEqual(
          await keysOf(store, { prefix: root }),
          ends.map((end) => root + end),
        );
      },
    },
    {
      title: 'entries begins with from, and ends before to',
      async run({ store }) {
        const root = await letters(store);
        const between = (from?: string, to?: string) =>
          keysOf(store, {
            prefix: root,
            ...(from === undefined ? {} : { from: root + from }),
            ...(to === undefined ? {} : { to: root + to }),
          });
        assert.deepEqual(await between('b', 'd'), [`${root}b`, `${root}c`]);
        assert.deepEqual(await between('bb', 'cc'), [`${root}c`], 'bounds that are no keys');
        assert.deepEqual(await between('d'), [`${root}d`, `${root}e`], 'from alone');
        assert.deepEqual(await between(undefined, 'b'), [`${root}a`], 'to alone');
      },
    },
    {
      title: 'from and to bound entries without a prefix, too',
      async run({ store }) {
        const root = await letters(store);
        assert.deepEqual(await keysOf(store, { from: `${root}b`, to: `${root}d` }), [`${root}b`, `${root}c`]);
      },
    },
    {
      title: 'from and to are compared as keys are: by the bytes of UTF-8',
      async run({ store }) {
        const root = fresh('key');
        const keys = ['z', '｡', '🔑'].map((end) => root + end);
        await store.putAll(keys.map((key, at) => [key, valueOf(at)] as const));
        assert.deepEqual(await keysOf(store, { from: keys[1] as string, to: `${root}🔒` }), keys.slice(1));
      },
    },
    {
      title: 'entries of a range that is empty, or turned round, are none',
      async run({ store }) {
        const root = await letters(store);
        assert.deepEqual(await keysOf(store, { prefix: fresh('missing') }), []);
        assert.deepEqual(await keysOf(store, { from: `${root}b`, to: `${root}b` }), []);
        assert.deepEqual(await keysOf(store, { from: `${root}d`, to: `${root}b` }), []);
      },
    },
    {
      title: 'a key that is the prefix itself is among its entries, and its neighbours are not',
      async run({ store }) {
        const root = fresh('key');
        const keys = ['a', 'a/1', 'a/2', 'a\u{10ffff}', 'a0', 'b', 'A'].map((end) => root + end);
        await store.putAll(keys.map((key, at) => [key, valueOf(at)] as const));
        assert.deepEqual(await keysOf(store, { prefix: `${root}a/` }), [`${root}a/1`, `${root}a/2`]);
        assert.deepEqual(await keysOf(store, { prefix: `${root}a` }), [
          `${root}a`,
          `${root}a/1`,
          `${root}a/2`,
          `${root}a0`,
          `${root}a\u{10ffff}`,
        ]);
      },
    },
    {
      title: 'a prefix is no pattern: its characters are taken literally',
      async run({ store }) {
        const root = fresh('key');
        const signs = ['*', '?', '[ab]', '[a-z]', '[^x]', '\\', '.', '%', '_', '"', '{a}'];
        await store.putAll(
          [...signs, 'a', 'b', 'ab', 'xyz', ''].map((end, at) => [`${root}${end}1`, valueOf(at)] as const),
        );
        for (const sign of signs)
          assert.deepEqual(await keysOf(store, { prefix: root + sign }), [`${root}${sign}1`], sign);
      },
    },
    {
      title: 'the value of an entry belongs to the caller, who may change it',
      async run({ store }) {
        const key = fresh('key');
        await store.put(key, valueOf(1));
        const [[, value] = []] = await entriesOf(store, { prefix: key });
        assert.ok(Buffer.isBuffer(value), 'entries must give Buffers');
        value.fill(0x20);
        assert.deepEqual(await store.get(key), valueOf(1));
        assert.deepEqual(await entriesOf(store, { prefix: key }), [[key, valueOf(1)]]);
      },
    },
    {
      title: 'entries may be left early, and begun again, also two at the same time',
      async run({ store }) {
        const root = await letters(store);
        for await (const [key] of listed(store).entries({ prefix: root })) {
          assert.equal(key, `${root}a`);
          break;
        }
        const both = await Promise.all([keysOf(store, { prefix: root }), keysOf(store, { prefix: root })]);
        for (const keys of both) assert.equal(keys.length, 5);
      },
    },
    {
      title:
        'entries continue while the store is written to: what stays as it is comes once, what is gone does not fail them',
      async run({ store }) {
        const root = await letters(store);
        const seen: string[] = [];
        for await (const [key] of listed(store).entries({ prefix: root })) {
          seen.push(key);
          await store.deleteAll([`${root}a`, `${root}e`]);
          await store.put(`${root}aa${seen.length}`, valueOf(1));
        }
        const stayed = ['b', 'c', 'd'].map((end) => root + end);
        assert.deepEqual(
          seen.filter((key) => stayed.includes(key)),
          stayed,
        );
        assert.equal(new Set(seen).size, seen.length, 'no key twice');
      },
    },
    {
      title: 'two thousand five hundred entries come one by one, each once, in order',
      async run({ store }) {
        const root = fresh('key');
        const keys = Array.from({ length: 2500 }, (_none, at) => `${root}${String(at).padStart(4, '0')}`);
        await store.putAll(keys.toReversed().map((key) => [key, valueOf(Number(key.slice(-4)))] as const));
        const all = await entriesOf(store, { prefix: root });
        assert.deepEqual(
          all.map(([key]) => key),
          keys,
        );
        assert.deepEqual(all[2499], [keys[2499], valueOf(2499)]);
        await store.deleteAll(keys);
      },
    },
    {
      title: 'bounds of entries that are no text are refused with a StoreError, at the first step',
      async run({ store }) {
        const bad = [
          { from: 5 },
          { to: null },
          { prefix: {} },
          { prefix: '\ud800' },
        ] as unknown as EntriesOptions[];
        for (const options of bad) {
          // It may not throw before it is gone through.
          const entries = listed(store).entries(options)[Symbol.asyncIterator]();
          await assert.rejects(
            async () => entries.next(),
            (error: unknown) =>
              error instanceof Error &&
              'code' in error &&
              error.code === ('STORE' satisfies StoreError['code']) &&
              (error as StoreError).operation === 'entries' &&
              !(error as StoreError).retriable,
            JSON.stringify(options),
          );
        }
      },
    },
  ] satisfies Omit<ConformanceCase<StoreSubject, StoreFeature>, 'requires'>[]
).map((one) => ({ ...one, requires: 'entries' }));

/** Puts the letters a to e behind a random beginning, which it returns. */
async function letters(store: Store): Promise<string> {
  const root = fresh('key');
  await store.putAll(['d', 'b', 'e', 'a', 'c'].map((end, at) => [root + end, valueOf(at)] as const));
  return root;
}

async function entriesOf(store: Store, options?: EntriesOptions): Promise<[key: string, value: Buffer][]> {
  const all: [string, Buffer][] = [];
  for await (const entry of listed(store).entries(options)) all.push(entry);
  return all;
}

async function keysOf(store: Store, options?: EntriesOptions): Promise<string[]> {
  return (await entriesOf(store, options)).map(([key]) => key);
}
