import { StoreError } from '../source/kernel/errors.ts';

/** @throws StoreError unless `key` is text that is not empty */
export function checkKey(store: string, operation: string, key: unknown): void {
  if (typeof key === 'string' && key !== '') return;
  const shown = typeof key === 'string' ? 'an empty string' : `${typeof key} ${String(key)}`;
  throw new StoreError(
    `${store}.${operation}: a key must be text that is not empty, not ${shown}. Nothing was written.`,
    {
      store,
      operation,
      keys: [String(key)],
    },
  );
}

/** @throws StoreError unless `value` is a Buffer */
export function checkValue(store: string, operation: string, key: string, value: unknown): void {
  if (Buffer.isBuffer(value)) return;
  throw new StoreError(
    `${store}.${operation}: the value of key '${key}' must be a Buffer, not ${value === null ? 'null' : typeof value}: ` +
      'encode it, delete the key, or use a codec. Nothing was written.',
    { store, operation, keys: [key] },
  );
}

/** @throws StoreError unless `tenant` is text that is not empty */
export function checkTenant(store: string, operation: string, tenant: unknown): void {
  if (typeof tenant === 'string' && tenant !== '') return;
  throw new StoreError(
    `${store}.${operation}: a tenant must be text that is not empty, not ${String(tenant)}. Nothing was written.`,
    {
      store,
      operation,
    },
  );
}
