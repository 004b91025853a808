import { BackendMultiStore } from './backend/backend-multi-store.ts';
import { ElasticsearchBackend } from './elasticsearch/elasticsearch-backend.ts';
import {
  elasticsearchBackendOptions,
  indexProblem,
  type ElasticsearchOptions,
} from './elasticsearch/elasticsearch-options.ts';
import type { MultiMap, MultiStore, TenantKey } from './multi-store.ts';
import type { ListedStore, StoreCallOptions } from './store.ts';
import type { FencedStore, StoreFence, StoreOwner } from './store-owner.ts';

/** Options of a {@link MultiElasticsearchStore}. */
export interface MultiElasticsearchStoreOptions extends ElasticsearchOptions {
  /**
   * Says where the part of a tenant is: gives its index, always the same for one tenant, and for
   * each tenant another one.
   */
  readonly tenancy: (tenant: string) => { readonly index: string };
}

/**
 * A MultiStore in Elasticsearch 8 or newer: documents `index/_doc/key`, in an index for each
 * tenant.
 *
 * Values, requests, limits and errors are those of {@link ElasticsearchStore}; `fetch` is an mget
 * and `push` a bulk across indices. Values are filed under the tenant that was asked for, no matter how
 * its index is called, aliases included.
 */
export class MultiElasticsearchStore implements MultiStore, FencedStore {
  readonly #store: BackendMultiStore<string>;

  /** @throws ConfigError that lists what is wrong with the options */
  constructor(options: MultiElasticsearchStoreOptions) {
    const backendOptions = elasticsearchBackendOptions('MultiElasticsearchStore', options, {
      tenancy: (value) =>
        typeof value === 'function' ? undefined : 'must be a function (tenant) => ({ index })',
    });
    const { tenancy } = options;
    this.#store = new BackendMultiStore({
      name: 'MultiElasticsearchStore',
      backend: new ElasticsearchBackend(backendOptions),
      timeoutMs: backendOptions.timeoutMs,
      placeOf: (tenant) => checkedIndex(tenancy(tenant)),
      describe: (index) => `index '${index}'`,
    });
  }

  /** @throws StoreError if the tenancy function returns no index name for this tenant */
  tenant(tenant: string): ListedStore {
    return this.#store.tenant(tenant);
  }

  allTenants(): readonly string[] {
    return this.#store.allTenants();
  }

  /** An mget: https://www.elastic.co/guide/en/elasticsearch/reference/8.19/docs-multi-get.html */
  fetch(keys: readonly TenantKey[], options?: StoreCallOptions): Promise<MultiMap> {
    return this.#store.fetch(keys, options);
  }

  /**
   * Bulk requests of index actions:
   * https://www.elastic.co/guide/en/elasticsearch/reference/8.19/docs-bulk.html
   */
  push(entries: MultiMap, options?: StoreCallOptions): Promise<void> {
    return this.#store.push(entries, options);
  }

  /**
   * A flush of the indices of the tenants that this instance has written to:
   * https://www.elastic.co/guide/en/elasticsearch/reference/8.19/indices-flush.html
   */
  flush(options?: StoreCallOptions): Promise<void> {
    return this.#store.flush(options);
  }

  /**
   * Writes with an external version, the fence number, from now on: a document that a later owner
   * has written refuses what comes late:
   * https://www.elastic.co/guide/en/elasticsearch/reference/8.19/docs-index_.html#index-versioning
   */
  fence(owner: StoreOwner): StoreFence {
    return this.#store.fence(owner);
  }
}

function checkedIndex(given: unknown): string {
  const index = typeof given === 'object' && given !== null && 'index' in given ? given.index : undefined;
  const problem = indexProblem(index);
  if (problem === undefined) return index as string;
  throw new TypeError(`the tenancy function gave { index }, which ${problem}.`);
}
