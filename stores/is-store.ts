import { hasMethods, isObject } from '../source/kernel/is-object.ts';
import type { MultiStore } from './multi-store.ts';
import type { Store } from './store.ts';

/** Whether it is a Store or a MultiStore, by the methods that nothing else has. */
export function isStore(value: unknown): value is Store<unknown> | MultiStore<unknown> {
  return isObject(value) && (hasMethods(value, ['get', 'putAll']) || hasMethods(value, ['fetch', 'push']));
}
