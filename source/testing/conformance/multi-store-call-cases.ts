import assert from 'node:assert/strict';
import { MultiMap } from '../../../stores/multi-store.ts';
import { fresh, valueOf } from './conformance-case.ts';
import { keyPairs } from './key-pairs.ts';
import { listed } from './listed.ts';
import { tenantOf, toTenant, type MultiStoreCase } from './multi-store-subject.ts';

/** Keys across tenants, and how calls follow each other. */
export const multiStoreCallCases: readonly MultiStoreCase[] = [
  ...keyPairs.map(({ difference, one, other }): MultiStoreCase => ({
    title: `push and fetch take keys that differ ${difference} for two`,
    async run(subject) {
      const { store } = subject;
      // One for all these cases, their keys being random: where a tenant is an index, to make one
      // takes long.
      const tenant = toTenant(subject, 'keys');
      const root = fresh('k');
      const [first, second] = [root + one, root + other];
      await store.push(new MultiMap().set(tenant, first, valueOf(1)));
      assert.equal((await store.fetch([{ tenant, key: second }])).size, 0);
      await store.push(new MultiMap().set(tenant, first, valueOf(2)).set(tenant, second, valueOf(3)));
      const found = await store.fetch([
        { tenant, key: second },
        { tenant, key: first },
      ]);
      assert.equal(found.size, 2);
      assert.deepEqual(found.get(tenant, first), valueOf(2));
      assert.deepEqual(found.get(tenant, second), valueOf(3));
      assert.deepEqual(await store.tenant(tenant).get(second), valueOf(3));
    },
  })),
  {
    title: 'to delete makes no tenant',
    async run(subject) {
      const { store } = subject;
      const tenant = tenantOf(subject, 't');
      await store.tenant(tenant).delete('x');
      await store.tenant(tenant).deleteAll(['x', 'y']);
      assert.equal(store.allTenants().includes(tenant), false);
    },
  },
  {
    title: 'a write of nothing makes no tenant',
    async run(subject) {
      const { store } = subject;
      const tenant = tenantOf(subject, 't');
      await store.tenant(tenant).putAll([]);
      assert.equal(store.allTenants().includes(tenant), false);
    },
  },
  {
    title: 'a tenant is known after a put to its store alone',
    async run(subject) {
      const { store } = subject;
      const tenant = tenantOf(subject, 't');
      await store.tenant(tenant).put('x', valueOf(1));
      assert.equal(store.allTenants().includes(tenant), true);
    },
  },
  {
    title: 'what is passed in stays as it is',
    async run(subject) {
      const { store } = subject;
      const [a, b] = [tenantOf(subject, 'a'), tenantOf(subject, 'b')];
      const entries = new MultiMap().set(b, 'x', valueOf(1)).set(a, 'x', valueOf(2));
      await store.push(entries);
      assert.equal(entries.size, 2);
      assert.deepEqual(entries.get(b, 'x'), valueOf(1));
      const keys = [
        { tenant: b, key: 'x' },
        { tenant: a, key: 'x' },
      ];
      await store.fetch(keys);
      assert.deepEqual(keys, [
        { tenant: b, key: 'x' },
        { tenant: a, key: 'x' },
      ]);
    },
  },
  {
    title: 'a thousand keys of one tenant are pushed and fetched in one call each',
    async run(subject) {
      const { store } = subject;
      const tenant = tenantOf(subject, 't');
      const keys = Array.from({ length: 1000 }, (_none, at) => ({ tenant, key: `key-${at}` }));
      const entries = new MultiMap();
      for (const [at, { key }] of keys.entries()) entries.set(tenant, key, valueOf(at));
      await store.push(entries);
      const found = await store.fetch(keys);
      assert.equal(found.size, 1000);
      assert.deepEqual(found.get(tenant, 'key-999'), valueOf(999));
    },
  },
  {
    title:
      "entries of a tenant's store are its own, also where a tenant's name begins with another's, and make no tenant",
    requires: 'entries',
    async run(subject) {
      const { store } = subject;
      const name = fresh('t');
      const [short, long, none] = [
        toTenant(subject, name),
        toTenant(subject, `${name}-x`),
        tenantOf(subject, 'none'),
      ];
      await store.push(new MultiMap().set(short, 'b', valueOf(1)).set(short, 'a', valueOf(2)));
      await store.push(new MultiMap().set(long, 'a', valueOf(3)));
      const keysOf = async (tenant: string) => {
        const keys: string[] = [];
        for await (const [key] of listed(store.tenant(tenant)).entries()) keys.push(key);
        return keys;
      };
      assert.deepEqual(await keysOf(short), ['a', 'b']);
      assert.deepEqual(await keysOf(long), ['a']);
      assert.deepEqual(await keysOf(none), []);
      assert.equal(store.allTenants().includes(none), false);
    },
  },
  {
    title: 'a large value is pushed and fetched whole',
    async run(subject) {
      const { store } = subject;
      const tenant = tenantOf(subject, 't');
      const value = Buffer.from(JSON.stringify({ text: 'x'.repeat(100_000) }));
      await store.push(new MultiMap().set(tenant, 'x', value));
      assert.ok((await store.fetch([{ tenant, key: 'x' }])).get(tenant, 'x')?.equals(value));
    },
  },
];
