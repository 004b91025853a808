import test from 'ava';
import { StoreError } from '../../source/kernel/errors.ts';
import { multiStoreConformance, storeConformance } from '../../source/testing/index.ts';
import { MultiMapStore } from '../../stores/multi-map-store.ts';
import { MultiMap } from '../../stores/multi-store.ts';

for (const { title, requires, run } of multiStoreConformance) {
  // What it holds dies with it: there is nothing to open again.
  if (requires === 'reopen') continue;
  test(title, async (t) => {
    await t.notThrowsAsync(run({ store: new MultiMapStore() }));
  });
}

for (const { title, requires, run } of storeConformance) {
  if (requires === 'reopen' || requires === 'fence') continue;
  test(`the store of a tenant: ${title}`, async (t) => {
    await t.notThrowsAsync(run({ store: new MultiMapStore().tenant('t') }));
  });
}

test('a tenant stays known when all its keys are deleted', async (t) => {
  const store = new MultiMapStore();
  await store.tenant('t').put('x', Buffer.from('1'));
  await store.tenant('t').delete('x');
  t.deepEqual(store.allTenants(), ['t']);
});

test('a write that is refused, or of nothing, makes no tenant', async (t) => {
  const store = new MultiMapStore();
  await t.throwsAsync(store.tenant('t').put('', Buffer.from('1')), {
    instanceOf: StoreError,
    message: /MapStore\.put: a key/,
  });
  await store.tenant('t').putAll([]);
  await store.push(new MultiMap());
  t.deepEqual(store.allTenants(), []);
});

test('a tenant must be a non-empty string', (t) => {
  for (const tenant of ['', undefined, 5]) {
    t.throws(() => new MultiMapStore().tenant(tenant as string), {
      instanceOf: StoreError,
      message: /MultiMapStore\.tenant: a tenant must be a non-empty string/,
    });
  }
});

test('a MultiMap files values under tenants, the last one under a key winning', (t) => {
  const map = new MultiMap()
    .set('b', 'x', Buffer.from('1'))
    .set('a', 'x', Buffer.from('2'))
    .set('b', 'x', Buffer.from('3'));
  t.is(map.size, 2);
  t.deepEqual(map.tenants(), ['b', 'a']);
  t.is(map.get('b', 'x')?.toString(), '3');
  t.is(map.get('b', 'y'), undefined);
  t.is(map.get('c', 'x'), undefined);
  t.true(map.has('a', 'x'));
  t.false(map.has('a', 'y'));
  t.false(map.has('c', 'x'));
  t.deepEqual([...map.tenant('a').keys()], ['x']);
  t.is(map.tenant('c').size, 0);
  t.false(map.has('c', 'x'), 'reading makes no tenant');
  t.deepEqual(
    [...map].map(([tenant, entries]) => [tenant, [...entries.keys()]]),
    [
      ['b', ['x']],
      ['a', ['x']],
    ],
  );
});
