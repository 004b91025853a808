import assert from 'node:assert/strict';
import { fresh, valueOf } from './conformance-case.ts';
import type { StoreCase } from './store-subject.ts';

/** How calls follow each other, what becomes of what is passed in, and values of many kinds. */
export const storeCallCases: readonly StoreCase[] = [
  {
    title: 'what was put is seen by the next read, without flush',
    async run({ store }) {
      const [a, b] = [fresh('a'), fresh('b')];
      await store.put(a, valueOf(1));
      await store.putAll([[b, valueOf(2)]]);
      assert.equal((await store.getAll([a, b])).size, 2);
      assert.deepEqual(await store.get(b), valueOf(2));
    },
  },
  {
    title: 'flush does not bring back what was deleted',
    async run({ store }) {
      const key = fresh('key');
      await store.put(key, valueOf(1));
      await store.flush();
      await store.delete(key);
      await store.flush();
      assert.equal(await store.get(key), undefined);
    },
  },
  {
    title: 'flush keeps the last of several values',
    async run({ store }) {
      const key = fresh('key');
      await store.put(key, valueOf(1));
      await store.flush();
      await store.put(key, valueOf(2));
      await store.flush();
      assert.deepEqual(await store.get(key), valueOf(2));
    },
  },
  {
    title: 'of puts one after another the last one wins, however many',
    async run({ store }) {
      const key = fresh('key');
      for (let n = 0; n < 20; n++) await store.put(key, valueOf(n));
      assert.deepEqual(await store.get(key), valueOf(19));
    },
  },
  {
    title: 'putAll replaces what put wrote, and put what putAll wrote',
    async run({ store }) {
      const key = fresh('key');
      await store.put(key, valueOf(1));
      await store.putAll([[key, valueOf(2)]]);
      assert.deepEqual(await store.get(key), valueOf(2));
      await store.put(key, valueOf(3));
      assert.deepEqual((await store.getAll([key])).get(key), valueOf(3));
    },
  },
  {
    title: 'the same value may be put again',
    async run({ store }) {
      const key = fresh('key');
      await store.put(key, valueOf(1));
      await store.put(key, valueOf(1));
      await store.putAll([[key, valueOf(1)]]);
      assert.deepEqual(await store.get(key), valueOf(1));
    },
  },
  {
    title: 'a shorter value leaves nothing of the longer one that it replaces',
    async run({ store }) {
      const key = fresh('key');
      await store.put(key, Buffer.from(JSON.stringify({ text: 'long '.repeat(100) })));
      await store.put(key, valueOf(1));
      assert.deepEqual(await store.get(key), valueOf(1));
    },
  },
  {
    title: 'a longer value replaces a shorter one whole',
    async run({ store }) {
      const key = fresh('key');
      const long = Buffer.from(JSON.stringify({ text: 'long '.repeat(100) }));
      await store.put(key, valueOf(1));
      await store.putAll([[key, long]]);
      assert.deepEqual(await store.get(key), long);
    },
  },
  {
    title: 'values of 60,000 to 70,000 bytes are kept whole',
    async run({ store }) {
      const root = fresh('key');
      const entries = [60_000, 65_535, 65_536, 70_000].map(
        (size) => [`${root}-${size}`, Buffer.from(JSON.stringify({ text: 'x'.repeat(size - 11) }))] as const,
      );
      await store.putAll(entries);
      for (const [key, value] of entries)
        assert.ok(
          (await store.get(key))?.equals(value),
          `a value of ${value.length} bytes came back changed`,
        );
    },
  },
  {
    title: 'an empty document is a value, not a missing key',
    async run({ store }) {
      const key = fresh('key');
      await store.put(key, Buffer.from('{}'));
      assert.deepEqual(await store.get(key), Buffer.from('{}'));
      assert.equal((await store.getAll([key])).size, 1);
    },
  },
  {
    title: 'text of all scripts in a value comes back as it was',
    async run({ store }) {
      const key = fresh('key');
      const value = Buffer.from(JSON.stringify({ text: 'é ключ 鍵 🔑 \u2028 "\\/' }));
      await store.put(key, value);
      assert.deepEqual(await store.get(key), value);
    },
  },
  {
    title: 'numbers in a document keep all their digits',
    async run({ store }) {
      const key = fresh('key');
      const value = Buffer.from('{"large":9007199254740993,"small":0.10}');
      await store.put(key, value);
      assert.deepEqual(await store.get(key), value);
    },
  },
  {
    title: 'a delete may be repeated',
    async run({ store }) {
      const key = fresh('key');
      await store.put(key, valueOf(1));
      await store.delete(key);
      await store.delete(key);
      await store.deleteAll([key]);
      assert.equal(await store.get(key), undefined);
    },
  },
  {
    title: 'deleteAll takes a key that is named twice',
    async run({ store }) {
      const key = fresh('key');
      await store.put(key, valueOf(1));
      await store.deleteAll([key, key]);
      assert.equal(await store.get(key), undefined);
    },
  },
  {
    title: 'lists and Maps that are passed in stay as they are',
    async run({ store }) {
      const keys = [fresh('b'), fresh('a'), fresh('b')];
      const given = [...keys];
      const entries = new Map(keys.map((key, at) => [key, valueOf(at)]));
      await store.putAll(entries);
      assert.deepEqual(
        [...entries],
        keys.map((key, at) => [key, valueOf(at)]),
        'putAll',
      );
      await store.getAll(given);
      assert.deepEqual(given, keys, 'getAll');
      await store.deleteAll(given);
      assert.deepEqual(given, keys, 'deleteAll');
    },
  },
  {
    title: 'values that are passed in stay as they are',
    async run({ store }) {
      const value = valueOf(1);
      await store.put(fresh('key'), value);
      await store.putAll([[fresh('key'), value]]);
      assert.deepEqual(value, valueOf(1));
    },
  },
  {
    title: 'the Map of getAll belongs to the caller, who may change it',
    async run({ store }) {
      const key = fresh('key');
      await store.put(key, valueOf(1));
      const found = await store.getAll([key]);
      found.clear();
      assert.deepEqual([...(await store.getAll([key]))], [[key, valueOf(1)]]);
      assert.deepEqual(await store.get(key), valueOf(1));
    },
  },
  {
    title: 'reads that are in flight together each get their own answer',
    async run({ store }) {
      const root = fresh('key');
      const keys = Array.from({ length: 20 }, (_none, at) => `${root}-${at}`);
      await store.putAll(keys.map((key, at) => [key, valueOf(at)] as const));
      const one = await Promise.all(keys.map((key) => store.get(key)));
      for (const [at, value] of one.entries()) assert.deepEqual(value, valueOf(at));
      const many = await Promise.all(keys.map((key) => store.getAll([key])));
      for (const [at, found] of many.entries()) assert.deepEqual([...found], [[keys[at], valueOf(at)]]);
    },
  },
  {
    title: 'ten thousand keys are written, read and deleted in one call each',
    async run({ store }) {
      const root = fresh('key');
      const keys = Array.from({ length: 10_000 }, (_none, at) => `${root}-${at}`);
      await store.putAll(keys.map((key, at) => [key, valueOf(at)] as const));
      const found = await store.getAll(keys);
      assert.equal(found.size, 10_000);
      assert.deepEqual(found.get(`${root}-4999`), valueOf(4999));
      await store.deleteAll(keys);
      assert.equal((await store.getAll(keys)).size, 0);
    },
  },
];
