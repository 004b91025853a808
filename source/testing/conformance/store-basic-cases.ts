import assert from 'node:assert/strict';
import { type StoreError } from '../../kernel/errors.ts';
import { fresh, valueOf } from './conformance-case.ts';
import type { StoreCase } from './store-subject.ts';

/** What each method is for. */
export const storeBasicCases: readonly StoreCase[] = [
  {
    title: 'a key that was never put is undefined',
    async run({ store }) {
      assert.equal(await store.get(fresh('missing')), undefined);
    },
  },
  {
    title: 'what was put is read again, as a Buffer',
    async run({ store }) {
      const key = fresh('key');
      await store.put(key, valueOf(1));
      const value = await store.get(key);
      assert.ok(Buffer.isBuffer(value), 'get must give a Buffer');
      assert.deepEqual(value, valueOf(1));
    },
  },
  {
    title: 'put replaces what was there',
    async run({ store }) {
      const key = fresh('key');
      await store.put(key, valueOf(1));
      await store.put(key, valueOf(2));
      assert.deepEqual(await store.get(key), valueOf(2));
    },
  },
  {
    title: 'a value that was read belongs to the caller, who may change it',
    async run({ store }) {
      const key = fresh('key');
      await store.put(key, valueOf(1));
      (await store.get(key))?.fill(0x20);
      assert.deepEqual(await store.get(key), valueOf(1));
      (await store.getAll([key])).get(key)?.fill(0x20);
      assert.deepEqual(await store.get(key), valueOf(1));
    },
  },
  {
    title: 'a value that was put may be changed by the caller once the promise has resolved',
    async run({ store }) {
      const [one, other] = [fresh('one'), fresh('other')];
      const value = valueOf(1);
      await store.put(one, value);
      value.fill(0x20);
      assert.deepEqual(await store.get(one), valueOf(1));
      const another = valueOf(2);
      await store.putAll([[other, another]]);
      another.fill(0x20);
      assert.deepEqual(await store.get(other), valueOf(2));
    },
  },
  {
    title: 'getAll gives the values of those keys that exist, and leaves the others out',
    async run({ store }) {
      const [a, b, missing] = [fresh('a'), fresh('b'), fresh('missing')];
      await store.put(a, valueOf(1));
      await store.put(b, valueOf(2));
      const found = await store.getAll([b, missing, a]);
      assert.ok(found instanceof Map, 'getAll must give a Map');
      assert.equal(found.size, 2);
      assert.deepEqual(found.get(a), valueOf(1));
      assert.deepEqual(found.get(b), valueOf(2));
      assert.equal(found.has(missing), false, 'a missing key must be absent');
    },
  },
  {
    title: 'getAll of no keys is empty',
    async run({ store }) {
      assert.equal((await store.getAll([])).size, 0);
    },
  },
  {
    title: 'getAll takes a key that is named twice',
    async run({ store }) {
      const key = fresh('key');
      await store.put(key, valueOf(1));
      const found = await store.getAll([key, key]);
      assert.deepEqual([...found], [[key, valueOf(1)]]);
    },
  },
  {
    title: 'putAll writes all entries of a Map, and leaves other keys as they are',
    async run({ store }) {
      const [a, b, other] = [fresh('a'), fresh('b'), fresh('other')];
      await store.put(a, valueOf(0));
      await store.put(other, valueOf(9));
      await store.putAll(
        new Map([
          [a, valueOf(1)],
          [b, valueOf(2)],
        ]),
      );
      assert.deepEqual(await store.get(a), valueOf(1));
      assert.deepEqual(await store.get(b), valueOf(2));
      assert.deepEqual(await store.get(other), valueOf(9));
    },
  },
  {
    title: 'putAll takes any iterable of pairs, also one that can be gone through only once',
    async run({ store }) {
      const [a, b] = [fresh('a'), fresh('b')];
      await store.putAll(
        new Map([
          [a, valueOf(1)],
          [b, valueOf(2)],
        ]).entries(),
      );
      assert.deepEqual(await store.get(a), valueOf(1));
      assert.deepEqual(await store.get(b), valueOf(2));
    },
  },
  {
    title: 'of a key that occurs twice in putAll the last value wins',
    async run({ store }) {
      const key = fresh('key');
      await store.putAll([
        [key, valueOf(1)],
        [key, valueOf(2)],
      ]);
      assert.deepEqual(await store.get(key), valueOf(2));
    },
  },
  {
    title: 'putAll and deleteAll of nothing do nothing',
    async run({ store }) {
      await store.putAll([]);
      await store.putAll(new Map());
      await store.deleteAll([]);
    },
  },
  {
    title: 'a key that was deleted is missing, for get and getAll',
    async run({ store }) {
      const [key, other] = [fresh('key'), fresh('other')];
      await store.putAll([
        [key, valueOf(1)],
        [other, valueOf(2)],
      ]);
      await store.delete(key);
      assert.equal(await store.get(key), undefined);
      assert.deepEqual([...(await store.getAll([key, other])).keys()], [other]);
    },
  },
  {
    title: 'to delete a missing key is no error',
    async run({ store }) {
      await store.delete(fresh('missing'));
      await store.deleteAll([fresh('missing'), fresh('missing')]);
    },
  },
  {
    title: 'deleteAll removes all that it names, and nothing else',
    async run({ store }) {
      const [a, b, other] = [fresh('a'), fresh('b'), fresh('other')];
      await store.putAll([a, b, other].map((key, at) => [key, valueOf(at)] as const));
      await store.deleteAll([a, fresh('missing'), b]);
      assert.deepEqual([...(await store.getAll([a, b, other])).keys()], [other]);
    },
  },
  {
    title: 'a key that was deleted can be put again',
    async run({ store }) {
      const key = fresh('key');
      await store.put(key, valueOf(1));
      await store.delete(key);
      await store.put(key, valueOf(2));
      assert.deepEqual(await store.get(key), valueOf(2));
    },
  },
  {
    title: 'writes of different keys that are in flight together are all kept',
    async run({ store }) {
      const root = fresh('key');
      const keys = Array.from({ length: 20 }, (_none, at) => `${root}-${at}`);
      await Promise.all(keys.map((key, at) => store.put(key, valueOf(at))));
      assert.equal((await store.getAll(keys)).size, 20);
    },
  },
  {
    title: 'flush may be called at any time, and changes no value',
    async run({ store }) {
      const key = fresh('key');
      await store.flush();
      await store.put(key, valueOf(1));
      await store.flush();
      await store.flush();
      assert.deepEqual(await store.get(key), valueOf(1));
    },
  },
  {
    title:
      'a key or value that cannot be is refused with a StoreError that names it, and nothing of that call is written',
    async run({ store }) {
      const [key, other] = [fresh('key'), fresh('other')];
      const isStoreError = (error: unknown) =>
        error instanceof Error && 'code' in error && error.code === ('STORE' satisfies StoreError['code']);
      await assert.rejects(async () => store.get(''), isStoreError, 'get of an empty key');
      await assert.rejects(async () => store.put('', valueOf(1)), isStoreError, 'put of an empty key');
      await assert.rejects(async () => store.delete(''), isStoreError, 'delete of an empty key');
      const noBuffer = 'text' as unknown as Buffer;
      await assert.rejects(async () => store.put(key, noBuffer), isStoreError, 'put of text');
      await assert.rejects(
        async () =>
          store.putAll([
            [key, valueOf(1)],
            [other, noBuffer],
          ]),
        (error: unknown) => isStoreError(error) && (error as StoreError).keys.includes(other),
        'putAll with text: a StoreError whose keys name it',
      );
      assert.equal((await store.getAll([key, other])).size, 0);
    },
  },
  {
    title: 'another instance on the same backend reads what was written and flushed',
    requires: 'reopen',
    async run(subject) {
      const { store } = subject;
      const key = fresh('key');
      await store.put(key, valueOf(1));
      await store.flush();
      assert.ok(subject.reopen !== undefined, 'the subject must have a reopen function for this case');
      const other = await subject.reopen();
      assert.deepEqual(await other.get(key), valueOf(1));
    },
  },
];
