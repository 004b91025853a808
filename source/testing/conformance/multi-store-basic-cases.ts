import assert from 'node:assert/strict';
import { MultiMap } from '../../../stores/multi-store.ts';
import { fresh, valueOf } from './conformance-case.ts';
import { tenantOf, toTenant, type MultiStoreCase } from './multi-store-subject.ts';

/** What each method is for. */
export const multiStoreBasicCases: readonly MultiStoreCase[] = [
  {
    title: 'fetch of nothing, and of what is missing, is empty',
    async run(subject) {
      const { store } = subject;
      const tenant = tenantOf(subject, 't');
      assert.equal((await store.fetch([])).size, 0);
      const found = await store.fetch([{ tenant, key: 'missing' }]);
      assert.equal(found.size, 0);
      assert.equal(found.get(tenant, 'missing'), undefined);
    },
  },
  {
    title: 'what was pushed is fetched, filed under its tenants',
    async run(subject) {
      const { store } = subject;
      const [a, b] = [tenantOf(subject, 'a'), tenantOf(subject, 'b')];
      await store.push(
        new MultiMap().set(a, 'x', valueOf(1)).set(a, 'y', valueOf(2)).set(b, 'z', valueOf(3)),
      );
      const found = await store.fetch([
        { tenant: b, key: 'z' },
        { tenant: a, key: 'x' },
        { tenant: a, key: 'y' },
      ]);
      assert.deepEqual(found.tenants().toSorted(), [a, b].toSorted());
      assert.deepEqual(found.get(a, 'x'), valueOf(1));
      assert.deepEqual(found.get(a, 'y'), valueOf(2));
      assert.deepEqual(found.get(b, 'z'), valueOf(3));
      assert.equal(found.size, 3);
    },
  },
  {
    title: 'one key has a value for each tenant',
    async run(subject) {
      const { store } = subject;
      const [a, b] = [tenantOf(subject, 'a'), tenantOf(subject, 'b')];
      await store.push(new MultiMap().set(a, 'key', valueOf(1)).set(b, 'key', valueOf(2)));
      assert.deepEqual(await store.tenant(a).get('key'), valueOf(1));
      assert.deepEqual(await store.tenant(b).get('key'), valueOf(2));
    },
  },
  {
    title: 'fetch leaves out what a tenant lacks, though another tenant has it',
    async run(subject) {
      const { store } = subject;
      const [a, b] = [tenantOf(subject, 'a'), tenantOf(subject, 'b')];
      await store.push(new MultiMap().set(a, 'x', valueOf(1)).set(b, 'y', valueOf(2)));
      const found = await store.fetch([
        { tenant: a, key: 'x' },
        { tenant: a, key: 'y' },
        { tenant: b, key: 'x' },
      ]);
      assert.equal(found.size, 1);
      assert.equal(found.has(a, 'y'), false);
      assert.equal(found.has(b, 'x'), false);
    },
  },
  {
    title: 'fetch takes a key that is named twice',
    async run(subject) {
      const { store } = subject;
      const tenant = tenantOf(subject, 't');
      await store.tenant(tenant).put('key', valueOf(1));
      const found = await store.fetch([
        { tenant, key: 'key' },
        { tenant, key: 'key' },
      ]);
      assert.equal(found.size, 1);
    },
  },
  {
    title: 'push replaces what was there, and leaves the rest of the tenant',
    async run(subject) {
      const { store } = subject;
      const tenant = tenantOf(subject, 't');
      await store.push(new MultiMap().set(tenant, 'x', valueOf(1)).set(tenant, 'y', valueOf(2)));
      await store.push(new MultiMap().set(tenant, 'x', valueOf(3)));
      assert.deepEqual(await store.tenant(tenant).get('x'), valueOf(3));
      assert.deepEqual(await store.tenant(tenant).get('y'), valueOf(2));
    },
  },
  {
    title: 'push of nothing does nothing',
    async run({ store }) {
      await store.push(new MultiMap());
    },
  },
  {
    title: "a tenant's store and fetch see each other's writes",
    async run(subject) {
      const { store } = subject;
      const tenant = tenantOf(subject, 't');
      await store.tenant(tenant).put('x', valueOf(1));
      assert.deepEqual((await store.fetch([{ tenant, key: 'x' }])).get(tenant, 'x'), valueOf(1));
      await store.tenant(tenant).delete('x');
      assert.equal((await store.fetch([{ tenant, key: 'x' }])).size, 0);
    },
  },
  {
    title: 'to delete a key of one tenant leaves that of another',
    async run(subject) {
      const { store } = subject;
      const [a, b] = [tenantOf(subject, 'a'), tenantOf(subject, 'b')];
      await store.push(new MultiMap().set(a, 'key', valueOf(1)).set(b, 'key', valueOf(2)));
      await store.tenant(a).deleteAll(['key']);
      assert.equal(await store.tenant(a).get('key'), undefined);
      assert.deepEqual(await store.tenant(b).get('key'), valueOf(2));
    },
  },
  {
    title: 'allTenants lists those that were written to, each once, sorted',
    async run(subject) {
      const { store } = subject;
      const names = ['c', 'a', 'b'].map((name) => tenantOf(subject, name));
      for (const tenant of names) await store.push(new MultiMap().set(tenant, 'x', valueOf(1)));
      await store.tenant(names[0] as string).put('y', valueOf(2));
      const listed = store.allTenants();
      assert.deepEqual(
        listed.filter((tenant) => names.includes(tenant)),
        names.toSorted(),
      );
      assert.deepEqual([...listed], [...listed].toSorted());
    },
  },
  {
    title: 'reading never makes a tenant',
    async run(subject) {
      const { store } = subject;
      const tenant = tenantOf(subject, 't');
      await store.fetch([{ tenant, key: 'x' }]);
      await store.tenant(tenant).get('x');
      await store.tenant(tenant).getAll(['x', 'y']);
      assert.equal(store.allTenants().includes(tenant), false);
    },
  },
  {
    title: 'values belong to the caller: neither side can change those of the other',
    async run(subject) {
      const { store } = subject;
      const tenant = tenantOf(subject, 't');
      const value = valueOf(1);
      await store.push(new MultiMap().set(tenant, 'x', value));
      value.fill(0x20);
      const found = await store.fetch([{ tenant, key: 'x' }]);
      assert.deepEqual(found.get(tenant, 'x'), valueOf(1));
      found.get(tenant, 'x')?.fill(0x20);
      assert.deepEqual(await store.tenant(tenant).get('x'), valueOf(1));
    },
  },
  {
    title: 'tenant and key do not run into one another',
    async run(subject) {
      const { store } = subject;
      const name = fresh('t');
      const [short, long] = [toTenant(subject, name), toTenant(subject, `${name}-x`)];
      await store.push(new MultiMap().set(short, '-x-key', valueOf(1)).set(short, 'x-key', valueOf(2)));
      await store.push(new MultiMap().set(long, '-key', valueOf(3)).set(long, 'key', valueOf(4)));
      const found = await store.fetch([
        { tenant: short, key: '-x-key' },
        { tenant: short, key: 'x-key' },
        { tenant: short, key: 'key' },
        { tenant: long, key: '-key' },
        { tenant: long, key: 'key' },
      ]);
      assert.equal(found.size, 4);
      assert.deepEqual(found.get(short, '-x-key'), valueOf(1));
      assert.deepEqual(found.get(short, 'x-key'), valueOf(2));
      assert.deepEqual(found.get(long, '-key'), valueOf(3));
      assert.deepEqual(found.get(long, 'key'), valueOf(4));
    },
  },
  {
    title: 'first writes of a tenant that are in flight together are all kept',
    async run(subject) {
      const { store } = subject;
      const tenant = tenantOf(subject, 't');
      await Promise.all([
        store.tenant(tenant).put('x', valueOf(1)),
        store.tenant(tenant).putAll([['y', valueOf(2)]]),
        store.push(new MultiMap().set(tenant, 'z', valueOf(3))),
      ]);
      assert.equal((await store.tenant(tenant).getAll(['x', 'y', 'z'])).size, 3);
    },
  },
  {
    title: 'what cannot be is refused with a StoreError, and nothing of that push is written',
    async run(subject) {
      const { store } = subject;
      const tenant = tenantOf(subject, 't');
      const isStoreError = (error: unknown) =>
        error instanceof Error && 'code' in error && error.code === 'STORE';
      await assert.rejects(
        async () => store.fetch([{ tenant, key: '' }]),
        isStoreError,
        'fetch of an empty key',
      );
      await assert.rejects(async () => store.tenant('').get('x'), isStoreError, 'an empty tenant');
      const entries = new MultiMap().set(tenant, 'x', valueOf(1)).set(tenant, 'y', 5 as unknown as Buffer);
      await assert.rejects(async () => store.push(entries), isStoreError, 'push of a number');
      assert.equal((await store.fetch([{ tenant, key: 'x' }])).size, 0);
    },
  },
  {
    title: 'flush may be called at any time, and changes no value',
    async run(subject) {
      const { store } = subject;
      const tenant = tenantOf(subject, 't');
      await store.flush();
      await store.push(new MultiMap().set(tenant, 'x', valueOf(1)));
      await store.flush();
      assert.deepEqual(await store.tenant(tenant).get('x'), valueOf(1));
    },
  },
  {
    title: 'another instance on the same backend reads what was written and flushed',
    requires: 'reopen',
    async run(subject) {
      const { store } = subject;
      const tenant = tenantOf(subject, 't');
      await store.push(new MultiMap().set(tenant, 'x', valueOf(1)));
      await store.flush();
      assert.ok(subject.reopen !== undefined, 'the subject must have a reopen function for this case');
      const other = await subject.reopen();
      assert.deepEqual(await other.tenant(tenant).get('x'), valueOf(1));
    },
  },
];
