/** What a single call of a store may be given beside its data. */
export interface StoreCallOptions {
  /**
   * Ends the wait when it is aborted: the call rejects with a StoreError whose `cause` is the signal's reason. What was sent to the backend before may still be done.
   * In `process`, give `context.signal`. A store that answers at once, such as one in memory, need not look at it.
   */
  readonly signal?: AbortSignal;
}

/**
 * A key-value store of one tenant: string keys, Buffer values (or those of a codec, see {@link withCodec}).
 *
 * Every call is one round trip (none for empty input). A missing key is `undefined` or absent, never an error. Calls fail with a StoreError.
 * Values that are returned belong to the caller; values that are passed in may be changed by the caller once the promise has resolved.
 *
 * @typeParam Value what is kept under a key
 */
export interface Store<Value = Buffer> {
  /** The value under `key`; undefined where there is none. */
  get(key: string, options?: StoreCallOptions): Promise<Value | undefined>;
  /** The values of those keys that exist; a key may be named twice. */
  getAll(keys: readonly string[], options?: StoreCallOptions): Promise<Map<string, Value>>;
  /** Writes one value; one that is there is replaced. */
  put(key: string, value: Value, options?: StoreCallOptions): Promise<void>;
  /** Writes all entries; of a key that occurs twice the last one wins. */
  putAll(entries: StoreEntries<Value>, options?: StoreCallOptions): Promise<void>;
  /** Removes `key`; a missing one is no error. */
  delete(key: string, options?: StoreCallOptions): Promise<void>;
  /** Removes all these keys; missing ones are no error. */
  deleteAll(keys: readonly string[], options?: StoreCallOptions): Promise<void>;
  /** Makes what was written persistent, as far as the backend can; what that means is said by each implementation. */
  flush(options?: StoreCallOptions): Promise<void>;
  /**
   * The entries of a range of keys, or all, in the order of their keys' UTF-8 bytes. Only of a store that can list its keys; see {@link ListedStore}.
   *
   * Not a snapshot: what stays as it is while this runs comes once; what is put, replaced or deleted meanwhile comes as it was, as it is, or not at all.
   * It may be slow, since few backends keep keys in order: what it costs is said by each implementation. For a look at everything, not for each batch.
   *
   * @example for await (const [key, value] of store.entries({ prefix: 'user/' })) …
   */
  entries?(options?: EntriesOptions): AsyncIterable<[key: string, value: Value]>;
}

/** A Store that can list what it holds, as all of this package can. */
export interface ListedStore<Value = Buffer> extends Store<Value> {
  entries(options?: EntriesOptions): AsyncIterable<[key: string, value: Value]>;
}

/** Which entries are wanted: those that all the options admit. Keys are compared by their UTF-8 bytes. */
export interface EntriesOptions extends StoreCallOptions {
  /** The first key that is wanted, whether it is there or not. Default: from the first of all. */
  readonly from?: string;
  /** The first key that is no longer wanted. Default: to the last of all. */
  readonly to?: string;
  /** What keys begin with; no pattern, each character stands for itself. Default: anything. */
  readonly prefix?: string;
}

/** Keys and values to write: a Map, or any iterable of pairs. */
export type StoreEntries<Value = Buffer> = Iterable<readonly [key: string, value: Value]>;
