import assert from 'node:assert/strict';
import type { ListedStore, Store } from '../../../stores/store.ts';

/** The store as one that can list its entries, which the case requires. */
export function listed(store: Store): ListedStore {
  assert.ok(isListed(store), 'the store must have the method entries for this case');
  return store;
}

function isListed(store: Store): store is ListedStore {
  return typeof store.entries === 'function';
}
