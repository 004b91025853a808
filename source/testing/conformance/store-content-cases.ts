import assert from 'node:assert/strict';
import { fresh, valueOf } from './conformance-case.ts';
import type { StoreCase } from './store-subject.ts';

/** Which keys and values a store takes, and how many in one call. */
export const storeContentCases: readonly StoreCase[] = [
  {
    title: 'keys that look alike are different keys',
    async run({ store }) {
      const root = fresh('key');
      const keys = ['', '/', '/a', '/a/', 'A', 'a', ' ', '.', ':', '*', '%2F', '_'].map(
        (end) => `${root}${end}`,
      );
      await store.putAll(keys.map((key, at) => [key, valueOf(at)] as const));
      const found = await store.getAll(keys);
      assert.equal(found.size, keys.length);
      for (const [at, key] of keys.entries()) assert.deepEqual(found.get(key), valueOf(at), `key '${key}'`);
      await store.delete(`${root}/a`);
      assert.deepEqual(await store.get(`${root}/a/`), valueOf(3));
    },
  },
  {
    title: 'keys may hold any text: other scripts, signs of URLs and patterns, names of Object.prototype',
    async run({ store }) {
      const texts = ['ключ', '鍵', '🔑', 'a b', 'a?b=c&d#e', '{a}', '[a-z]*', '"quoted"', 'a\\b'];
      const own = [...texts.map(fresh), '__proto__', 'constructor'];
      for (const key of own) await store.put(key, Buffer.from(JSON.stringify({ key })));
      const found = await store.getAll(own);
      for (const key of own) {
        assert.deepEqual(found.get(key), Buffer.from(JSON.stringify({ key })));
        await store.delete(key);
        assert.equal(await store.get(key), undefined, `key '${key}'`);
      }
    },
  },
  {
    title: 'values may be any bytes, and come back as they were',
    requires: 'any-bytes',
    async run({ store }) {
      const key = fresh('key');
      const bytes = Buffer.from(Array.from({ length: 512 }, (_none, at) => at & 0xff));
      await store.put(key, bytes);
      assert.deepEqual(await store.get(key), bytes);
      await store.putAll([[key, Buffer.from([0xff, 0xfe, 0x0d, 0x0a, 0])]]);
      assert.deepEqual(await store.get(key), Buffer.from([0xff, 0xfe, 0x0d, 0x0a, 0]));
    },
  },
  {
    title: 'a value of no bytes is a value, not a missing key',
    requires: 'any-bytes',
    async run({ store }) {
      const key = fresh('key');
      await store.put(key, Buffer.alloc(0));
      assert.deepEqual(await store.get(key), Buffer.alloc(0));
      assert.deepEqual([...(await store.getAll([key]))], [[key, Buffer.alloc(0)]]);
    },
  },
  {
    title: 'a value of a megabyte is kept whole',
    async run({ store }) {
      const key = fresh('key');
      const value = Buffer.from(JSON.stringify({ text: 'x'.repeat(1024 * 1024) }));
      await store.put(key, value);
      assert.ok((await store.get(key))?.equals(value), 'the value came back changed');
    },
  },
  {
    title: 'a thousand entries are written and read in one call each',
    async run({ store }) {
      const root = fresh('key');
      const keys = Array.from({ length: 1000 }, (_none, at) => `${root}-${at}`);
      await store.putAll(keys.map((key, at) => [key, valueOf(at)] as const));
      const found = await store.getAll(keys);
      assert.equal(found.size, 1000);
      assert.deepEqual(found.get(`${root}-999`), valueOf(999));
      await store.deleteAll(keys);
      assert.equal((await store.getAll(keys)).size, 0);
    },
  },
];
