import { hasMethods, isObject } from '../source/kernel/is-object.ts';
import type { AnyStore } from './multi-store.ts';

/** Whether it is a Store or a MultiStore, by the methods that nothing else has. */
export function isStore(value: unknown): value is AnyStore {
  return isObject(value) && (hasMethods(value, ['get', 'putAll']) || hasMethods(value, ['fetch', 'push']));
}
