import type { StoreFence, StoreOwner } from './store-owner.ts';

/** What a single call of a store can be given besides its data. */
export interface StoreCallOptions {
  /**
   * Ends the wait when it is aborted: the call rejects with a StoreError whose `cause` is the
   * signal's reason. What was already sent to the backend may still be done. In `process`, pass
   * `context.signal`. A store that answers immediately, such as one in memory, may ignore it.
   */
  readonly signal?: AbortSignal;
}

/**
 * A key-value store of one tenant: string keys, Buffer values (or those of a codec, see
 * {@link withCodec}).
 *
 * Every call is one round trip (none for empty input). A missing key is `undefined` or absent,
 * never an error. Calls fail with a StoreError. Returned values belong to the caller; values that
 * are passed in may be changed by the caller once the promise has resolved.
 *
 * @typeParam Value what is stored under a key
 */
export interface Store<Value = Buffer> {
  /** The value under `key`; undefined where there is none. */
  get(key: string, options?: StoreCallOptions): Promise<Value | undefined>;
  /** The values of those keys that exist; a key may be named twice. */
  getAll(keys: readonly string[], options?: StoreCallOptions): Promise<Map<string, Value>>;
  /** Writes one value; an existing one is replaced. */
  put(key: string, value: Value, options?: StoreCallOptions): Promise<void>;
  /** Writes all entries; if a key occurs twice, the last one wins. */
  putAll(entries: StoreEntries<Value>, options?: StoreCallOptions): Promise<void>;
  /** Removes `key`; a missing key is no error. */
  delete(key: string, options?: StoreCallOptions): Promise<void>;
  /** Removes all these keys; missing keys are no error. */
  deleteAll(keys: readonly string[], options?: StoreCallOptions): Promise<void>;
  /**
   * Makes what was written persistent, as far as the backend can; each implementation documents
   * what that means.
   */
  flush(options?: StoreCallOptions): Promise<void>;
  /**
   * The entries of a range of keys, or all, in the order of their keys' UTF-8 bytes. Only for a
   * store that can list its keys; see {@link ListedStore}.
   *
   * Not a snapshot: an entry that does not change meanwhile comes once; one that is put, replaced
   * or deleted meanwhile may come in its old or new state, or not at all. It may be slow, since few
   * backends keep keys in order; each implementation documents its cost. Use it to look at
   * everything, not for each batch.
   *
   * @example for await (const [key, value] of store.entries({ prefix: 'user/' })) …
   */
  entries?(options?: EntriesOptions): AsyncIterable<[key: string, value: Value]>;
  /**
   * Keeps out what owners before this run began to write; see {@link StoreOwner}. Only for a store
   * outside of the process. A TopicProcessor calls it for its stores, after it has claimed its
   * partitions.
   */
  fence?(owner: StoreOwner): StoreFence;
  /**
   * What an operator should know of the place where the values are, because it may cost some of
   * them: a text each, none if all is well. Only for a store that can tell. A run asks once, at its
   * start, and logs what comes; `kasper lint` shows it.
   */
  warnings?(options?: StoreCallOptions): Promise<readonly string[]>;
}

/** A Store that can list what it holds, as all stores of this package can. */
export interface ListedStore<Value = Buffer> extends Store<Value> {
  entries(options?: EntriesOptions): AsyncIterable<[key: string, value: Value]>;
}

/**
 * Which entries are wanted: those that match all the options. Keys are compared by their UTF-8
 * bytes.
 */
export interface EntriesOptions extends StoreCallOptions {
  /** The first wanted key, whether it exists or not. Default: from the first of all. */
  readonly from?: string;
  /** The first key that is no longer wanted. Default: to the last of all. */
  readonly to?: string;
  /** What keys begin with; not a pattern, each character stands for itself. Default: anything. */
  readonly prefix?: string;
}

/** Keys and values to write: a Map, or any iterable of pairs. */
export type StoreEntries<Value = Buffer> = Iterable<readonly [key: string, value: Value]>;
