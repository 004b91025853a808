import { BackendMultiStore } from './backend/backend-multi-store.ts';
import type { MultiMap, MultiStore, TenantKey } from './multi-store.ts';
import { RedisBackend } from './redis/redis-backend.ts';
import type { RedisPlace } from './redis/redis-commands.ts';
import { redisBackendOptions, type RedisOptions } from './redis/redis-options.ts';
import type { ListedStore, StoreCallOptions } from './store.ts';
import type { FencedStore, StoreFence, StoreOwner } from './store-owner.ts';

/** Options of a {@link MultiRedisStore}. */
export interface MultiRedisStoreOptions extends RedisOptions {
  /**
   * Says where the part of a tenant is: gives the prefix between tenant and key, always the same for
   * one tenant. It may be the same for all. With `page-views` the value of `home` for the tenant
   * `acme` is under `acme/page-views/home`.
   */
  readonly tenancy: (tenant: string) => { readonly keyPrefix: string };
}

/**
 * A MultiStore in Redis 6.2 or newer, or in Redis Cluster: strings under
 * `tenant/keyPrefix/key`. `%` and `/` in a tenant are written `%25` and `%2F`, so that the keys of
 * two tenants cannot be confused.
 *
 * Round trips, limits and errors are those of {@link RedisStore}; `fetch` is an MGET and `push` an
 * MSET across tenants.
 */
export class MultiRedisStore implements MultiStore, FencedStore {
  readonly #store: BackendMultiStore<RedisPlace>;

  /** @throws ConfigError that lists what is wrong with the options */
  constructor(options: MultiRedisStoreOptions) {
    const backendOptions = redisBackendOptions('MultiRedisStore', options, {
      tenancy: (value) =>
        typeof value === 'function' ? undefined : 'must be a function (tenant) => ({ keyPrefix })',
    });
    const { tenancy } = options;
    this.#store = new BackendMultiStore({
      name: 'MultiRedisStore',
      backend: new RedisBackend(backendOptions),
      timeoutMs: backendOptions.timeoutMs,
      placeOf: (tenant) => `${escapeTenant(tenant)}/${checkedPrefix(tenancy(tenant))}/`,
      describe: (place) => `prefix '${place}'`,
    });
  }

  /** @throws StoreError if the tenancy function returns no keyPrefix for this tenant */
  tenant(tenant: string): ListedStore {
    return this.#store.tenant(tenant);
  }

  allTenants(): readonly string[] {
    return this.#store.allTenants();
  }

  /** MGET: https://redis.io/docs/latest/commands/mget/ */
  fetch(keys: readonly TenantKey[], options?: StoreCallOptions): Promise<MultiMap> {
    return this.#store.fetch(keys, options);
  }

  /** MSET, or SET with PX between MULTI and EXEC: https://redis.io/docs/latest/commands/mset/ */
  push(entries: MultiMap, options?: StoreCallOptions): Promise<void> {
    return this.#store.push(entries, options);
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
}

function escapeTenant(tenant: string): string {
  return tenant.replaceAll('%', '%25').replaceAll('/', '%2F');
}

function checkedPrefix(given: unknown): string {
  if (typeof given === 'object' && given !== null && 'keyPrefix' in given) {
    const { keyPrefix } = given;
    if (typeof keyPrefix === 'string' && keyPrefix !== '') return keyPrefix;
  }
  throw new TypeError('the tenancy function must give { keyPrefix }, a non-empty string.');
}
