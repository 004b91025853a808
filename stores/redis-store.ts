import { BackendStore } from './backend/backend-store.ts';
import { RedisBackend } from './redis/redis-backend.ts';
import type { RedisPlace } from './redis/redis-commands.ts';
import { redisBackendOptions, type RedisOptions } from './redis/redis-options.ts';
import { registerColumns } from './store-columns.ts';
import type { EntriesOptions, ListedStore, StoreCallOptions, StoreEntries } from './store.ts';
import type { FencedStore, StoreFence, StoreOwner } from './store-owner.ts';
import { text } from './backend/store-options.ts';

/** Options of a {@link RedisStore}. */
export interface RedisStoreOptions extends RedisOptions {
  /**
   * Put before each key, with a slash: with `page-views` the value of `home` is under
   * `page-views/home`. Nobody else may write keys with this prefix.
   */
  readonly keyPrefix: string;
}

/**
 * A Store in Redis 6.2 or newer, or in Redis Cluster: strings under `keyPrefix/key`.
 *
 * Each call is one round trip; on Redis Cluster one to each node that has some of the keys, all in
 * parallel. Without a cluster `putAll` is atomic. Keys and values may have up to 512 MB.
 *
 * Calls fail with a StoreError. Its `retriable` is true for lost connections, time limits, LOADING,
 * READONLY, OOM, and redirections that did not end. After a time limit or a lost connection, a
 * write may have been done, or the client may still do it once it has reconnected.
 */
export class RedisStore implements ListedStore, FencedStore {
  readonly #store: BackendStore<RedisPlace>;

  /** @throws ConfigError that lists what is wrong with the options */
  constructor(options: RedisStoreOptions) {
    const backendOptions = redisBackendOptions('RedisStore', options, { keyPrefix: text });
    const { keyPrefix } = options;
    this.#store = new BackendStore({
      name: 'RedisStore',
      where: `keyPrefix '${keyPrefix}'`,
      backend: new RedisBackend(backendOptions),
      place: `${keyPrefix}/`,
      timeoutMs: backendOptions.timeoutMs,
    });
    registerColumns(this, RedisStore.prototype, this.#store);
  }

  /** GET: https://redis.io/docs/latest/commands/get/ */
  get(key: string, options?: StoreCallOptions): Promise<Buffer | undefined> {
    return this.#store.get(key, options);
  }

  /**
   * MGET, which treats a key that holds something other than a string as missing:
   * https://redis.io/docs/latest/commands/mget/
   */
  getAll(keys: readonly string[], options?: StoreCallOptions): Promise<Map<string, Buffer>> {
    return this.#store.getAll(keys, options);
  }

  /** MSET, or SET with PX in a transaction: https://redis.io/docs/latest/commands/set/ */
  put(key: string, value: Buffer, options?: StoreCallOptions): Promise<void> {
    return this.#store.put(key, value, options);
  }

  /**
   * MSET, or with `ttlMs` SET with PX between MULTI and EXEC (on a cluster without these):
   * https://redis.io/docs/latest/commands/mset/
   */
  putAll(entries: StoreEntries, options?: StoreCallOptions): Promise<void> {
    return this.#store.putAll(entries, options);
  }

  /** DEL: https://redis.io/docs/latest/commands/del/ */
  delete(key: string, options?: StoreCallOptions): Promise<void> {
    return this.#store.delete(key, options);
  }

  /** DEL: https://redis.io/docs/latest/commands/del/ */
  deleteAll(keys: readonly string[], options?: StoreCallOptions): Promise<void> {
    return this.#store.deleteAll(keys, options);
  }

  /** Nothing, or BGSAVE: see the option `flush`. */
  flush(options?: StoreCallOptions): Promise<void> {
    return this.#store.flush(options);
  }

  /**
   * Writes by connections of its own, named `kasper:{group}:{owner}` (CLIENT SETNAME), and closes those of
   * former owners, on each master (CLIENT LIST, CLIENT KILL):
   * https://redis.io/docs/latest/commands/client-kill/. Where the server refuses that, a warning says so.
   */
  fence(owner: StoreOwner): StoreFence {
    return this.#store.fence(owner);
  }

  /**
   * That the server evicts keys, where it may be asked (INFO): `maxmemory-policy` is `allkeys-…`, or
   * `volatile-…` and the store has `ttlMs`.
   * https://redis.io/docs/latest/develop/reference/eviction/
   */
  warnings(options?: StoreCallOptions): Promise<readonly string[]> {
    return this.#store.warnings(options);
  }

  /**
   * SCAN, on all masters of a cluster in parallel, then MGET for each 1,000 keys:
   * https://redis.io/docs/latest/commands/scan/. It scans the whole database, including the keys of
   * others, and holds the keys of the range in memory to sort them. `timeoutMs` applies to each
   * request. While slots move between nodes of a cluster, keys may be missed.
   */
  entries(options?: EntriesOptions): AsyncIterable<[key: string, value: Buffer]> {
    return this.#store.entries(options);
  }
}
