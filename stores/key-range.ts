import { StoreError } from '../source/kernel/errors.ts';
import { isObject } from '../source/kernel/is-object.ts';
import { show } from '../source/kernel/shown-value.ts';
import { unknownName } from '../source/kernel/unknown-name.ts';
import type { EntriesOptions } from './store.ts';
import { loneSurrogate } from './entry-checks.ts';

/** Which keys `entries` is asked for. */
export interface KeyRange {
  readonly from: string;
  readonly to: string | undefined;
  readonly prefix: string;
}

/** @throws StoreError unless all given bounds are well-formed strings, and no other option is given */
export function checkRange(store: string, options: EntriesOptions): KeyRange {
  const given: unknown = options;
  const known = ['from', 'to', 'prefix', 'signal'];
  const unknown = isObject(given) ? Object.keys(given).find((name) => !known.includes(name)) : '';
  if (unknown !== undefined) {
    const problem = isObject(given)
      ? unknownName('option', unknown, known)
      : `options must be an object, not ${show(given)}`;
    throw new StoreError(`${store}.entries: ${problem}.`, { store, operation: 'entries' });
  }
  const { from = '', to, prefix = '' } = options;
  for (const [name, bound] of Object.entries({ from, to, prefix })) {
    if (bound === undefined || (typeof bound === 'string' && !loneSurrogate.test(bound))) continue;
    const shown =
      typeof bound === 'string'
        ? `${JSON.stringify(bound)}, which has half a surrogate pair`
        : `${typeof bound} ${String(bound)}`;
    throw new StoreError(`${store}.entries: ${name} must be a string, not ${shown}.`, {
      store,
      operation: 'entries',
    });
  }
  return { from, to, prefix };
}

export function isInRange({ from, to, prefix }: KeyRange, key: string): boolean {
  return (
    key !== '' &&
    key.startsWith(prefix) &&
    compareKeys(key, from) >= 0 &&
    (to === undefined || compareKeys(key, to) < 0)
  );
}

export function inOrder(keys: Iterable<string>): string[] {
  return [...keys].sort(compareKeys);
}

/**
 * The order of keys: that of their UTF-8 bytes, which is that of their code points. It is the one
 * order on which databases agree. JavaScript compares UTF-16, where 🔑 comes before ｡, since the
 * halves of its surrogate pair are smaller.
 */
export function compareKeys(one: string, other: string): number {
  const length = Math.min(one.length, other.length);
  for (let at = 0; at < length; at++) {
    const [a, b] = [one.charCodeAt(at), other.charCodeAt(at)];
    if (a !== b) return rank(a) - rank(b);
  }
  return one.length - other.length;
}

/** Moves surrogates after all other units. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
