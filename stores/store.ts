/**
 * A key-value store of one tenant: string keys, Buffer values.
 *
 * Every call is one round trip (none for empty input). A missing key is `undefined` or absent, never an error. Calls fail with a StoreError.
 * Values that are returned belong to the caller; values that are passed in may be changed by the caller once the promise has resolved.
 */
export interface Store {
  /** The value under `key`; undefined where there is none. */
  get(key: string): Promise<Buffer | undefined>;
  /** The values of those keys that exist; a key may be named twice. */
  getAll(keys: readonly string[]): Promise<Map<string, Buffer>>;
  /** Writes one value; one that is there is replaced. */
  put(key: string, value: Buffer): Promise<void>;
  /** Writes all entries; of a key that occurs twice the last one wins. */
  putAll(entries: StoreEntries): Promise<void>;
  /** Removes `key`; a missing one is no error. */
  delete(key: string): Promise<void>;
  /** Removes all these keys; missing ones are no error. */
  deleteAll(keys: readonly string[]): Promise<void>;
  /** Makes what was written persistent, as far as the backend can; what that means is said by each implementation. */
  flush(): Promise<void>;
}

/** Keys and values to write: a Map, or any iterable of pairs. */
export type StoreEntries = Iterable<readonly [key: string, value: Buffer]>;
