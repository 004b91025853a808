import test from 'ava';
import { StoreError } from '../../source/kernel/errors.ts';
import { storeConformance } from '../../source/testing/index.ts';
import { MapStore } from '../../stores/map-store.ts';

for (const { title, requires, run } of storeConformance) {
  // What it holds dies with it: there is nothing to open again.
  if (requires === 'reopen' || requires === 'fence') continue;
  test(title, async (t) => {
    await t.notThrowsAsync(run({ store: new MapStore() }));
  });
}

test('errors name the store, the operation and the key, and say what to do', async (t) => {
  const store = new MapStore();
  const refused = async (promise: Promise<unknown>, operation: string, keys: string[], message: RegExp) => {
    const error = await t.throwsAsync(promise, { instanceOf: StoreError, message });
    t.like(error, { code: 'STORE', store: 'MapStore', operation, retriable: false });
    t.deepEqual(error.keys, keys);
  };
  await refused(
    store.put('k', null as never),
    'put',
    ['k'],
    /the value of key 'k' must be a Buffer, not null: encode it, delete the key, or use a codec/,
  );
  await refused(
    store.putAll([['k', new Uint8Array(1) as Buffer]]),
    'putAll',
    ['k'],
    /must be a Buffer, not object/,
  );
  await refused(store.get(''), 'get', [''], /a key must be a non-empty string, not an empty string/);
  await refused(store.getAll(['a', 5 as never]), 'getAll', ['5'], /not number 5/);
  await refused(store.delete(undefined as never), 'delete', ['undefined'], /not undefined undefined/);
  await refused(store.deleteAll(['a', '']), 'deleteAll', [''], /an empty string/);
});

test('a refused deleteAll deletes nothing', async (t) => {
  const store = new MapStore();
  await store.put('a', Buffer.from('1'));
  await t.throwsAsync(store.deleteAll(['a', '']));
  t.is(store.size, 1);
});
