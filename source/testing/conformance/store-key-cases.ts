import assert from 'node:assert/strict';
import { fresh, valueOf } from './conformance-case.ts';
import { keyPairs } from './key-pairs.ts';
import type { StoreCase } from './store-subject.ts';

/** No two keys are the same to a store, even if they look alike. */
export const storeKeyCases: readonly StoreCase[] = keyPairs.map(({ difference, one, other }) => ({
  title: `keys that differ ${difference} are two keys, for every method`,
  async run({ store }) {
    const root = fresh('k');
    const [first, second] = [root + one, root + other];
    await store.put(first, valueOf(1));
    assert.equal(await store.get(second), undefined, 'put and get');
    await store.putAll([
      [first, valueOf(2)],
      [second, valueOf(3)],
    ]);
    assert.deepEqual(await store.get(first), valueOf(2));
    assert.deepEqual(await store.get(second), valueOf(3));
    const found = await store.getAll([second, first]);
    assert.equal(found.size, 2, 'getAll');
    assert.deepEqual(found.get(first), valueOf(2));
    assert.deepEqual(found.get(second), valueOf(3));
    await store.delete(first);
    assert.equal(await store.get(first), undefined);
    assert.deepEqual(await store.get(second), valueOf(3), 'delete');
    await store.put(first, valueOf(4));
    await store.deleteAll([second]);
    assert.deepEqual([...(await store.getAll([first, second]))], [[first, valueOf(4)]], 'deleteAll');
  },
}));
