import { StoreError } from '../source/kernel/errors.ts';
import { hasMethods, isObject } from '../source/kernel/is-object.ts';
import { show } from '../source/kernel/shown-value.ts';
import { textOf } from '../source/kernel/thrown-text.ts';

/** Two keys with lone halves of a surrogate pair can become the same bytes in a backend. */
const surrogate = /[\ud800-\udfff]/;
export const loneSurrogate = /\p{Surrogate}/u;

/** @throws StoreError unless `key` is a non-empty, well-formed string */
export function checkKey(store: string, operation: string, key: unknown): asserts key is string {
  // Nearly all keys pass the first of the two tests, which takes a tenth of the time of the second.
  if (typeof key === 'string' && key !== '' && (!surrogate.test(key) || !loneSurrogate.test(key))) return;
  let shown = `${typeof key} ${textOf(key)}`;
  if (key === '') shown = 'an empty string';
  else if (typeof key === 'string') shown = `${JSON.stringify(key)}, which has half a surrogate pair`;
  throw new StoreError(
    `${store}.${operation}: a key must be a non-empty string, not ${shown}. Nothing was written.`,
    {
      store,
      operation,
      keys: [textOf(key)],
    },
  );
}

/** @throws StoreError as {@link checkKey}, and unless the value is a Buffer */
export function checkEntry(
  store: string,
  operation: string,
  [key, value]: readonly [key: unknown, value: unknown],
): void {
  checkKey(store, operation, key);
  if (Buffer.isBuffer(value)) return;
  throw new StoreError(
    `${store}.${operation}: the value of key '${key}' must be a Buffer, not ${value === null ? 'null' : typeof value}: ` +
      'encode it, delete the key, or use a codec. Nothing was written.',
    { store, operation, keys: [key] },
  );
}

/** @throws StoreError unless it is a list of keys, each as for {@link checkKey} */
export function checkKeys(
  store: string,
  operation: string,
  keys: unknown,
): asserts keys is readonly string[] {
  // Text is iterable as well: each of its letters would be taken for a key.
  if (!Array.isArray(keys)) throw misfit(store, operation, 'a list of keys is needed', keys);
  for (const key of keys as readonly unknown[]) checkKey(store, operation, key);
}

/** The entries to write, as pairs that are not checked further. @throws StoreError for what is none */
export function pairsOf(
  store: string,
  operation: string,
  entries: unknown,
): Iterable<readonly [key: string, value: Buffer]> {
  if (entries instanceof Map) return entries as ReadonlyMap<string, Buffer>;
  const isList = isObject(entries) && Symbol.iterator in entries;
  if (!isList) throw misfit(store, operation, 'a Map or pairs of key and value are needed', entries);
  const pairs: unknown[] = [...(entries as unknown as Iterable<unknown>)];
  for (const pair of pairs)
    if (!Array.isArray(pair)) throw misfit(store, operation, 'each entry must be a pair [key, value]', pair);
  return pairs as [string, Buffer][];
}

/** @throws StoreError unless it is a list of `{ tenant, key }`, whose parts are not checked */
export function checkTenantKeys(store: string, operation: string, keys: unknown): void {
  if (!Array.isArray(keys)) throw misfit(store, operation, 'a list of { tenant, key } is needed', keys);
  for (const key of keys as readonly unknown[])
    if (!isObject(key)) throw misfit(store, operation, 'each key must be { tenant, key }', key);
}

/** @throws StoreError unless it is a MultiMap, by its shape */
export function checkMultiMap(store: string, operation: string, entries: unknown): void {
  if (isObject(entries) && hasMethods(entries, ['tenant', 'tenants'])) return;
  throw misfit(store, operation, 'a MultiMap is needed', entries);
}

function misfit(store: string, operation: string, demand: string, given: unknown): StoreError {
  const message = `${store}.${operation}: ${demand}, not ${show(given)}. Nothing was written.`;
  return new StoreError(message, { store, operation });
}

/** @throws StoreError unless `tenant` is a non-empty, well-formed string */
export function checkTenant(store: string, operation: string, tenant: unknown): asserts tenant is string {
  if (typeof tenant === 'string' && tenant !== '' && !loneSurrogate.test(tenant)) return;
  throw new StoreError(
    `${store}.${operation}: a tenant must be a non-empty string, not ${tenant === '' ? 'an empty string' : textOf(tenant)}. Nothing was written.`,
    {
      store,
      operation,
    },
  );
}
