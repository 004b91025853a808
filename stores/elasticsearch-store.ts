import { BackendStore } from './backend/backend-store.ts';
import { ElasticsearchBackend } from './elasticsearch/elasticsearch-backend.ts';
import {
  elasticsearchBackendOptions,
  indexProblem,
  type ElasticsearchOptions,
} from './elasticsearch/elasticsearch-options.ts';
import { registerColumns } from './store-columns.ts';
import type { EntriesOptions, ListedStore, StoreCallOptions, StoreEntries } from './store.ts';
import type { FencedStore, StoreFence, StoreOwner } from './store-owner.ts';

/** Options of an {@link ElasticsearchStore}. */
export interface ElasticsearchStoreOptions extends ElasticsearchOptions {
  /**
   * The index whose documents are the values. A missing index has no keys; the first write creates
   * it, if the server allows that.
   */
  readonly index: string;
}

/**
 * A Store in Elasticsearch 8 or newer: documents `index/_doc/key`.
 *
 * Values are JSON objects as Buffers. They come back with the bytes that were put, except that line
 * breaks between tokens become blanks. Use {@link withCodec} and its codec `json` to put and read
 * objects. A key may have 512 bytes. Reads see what was written, refreshed or not (mget is
 * real-time).
 *
 * A read is one request per 10,000 keys, a write one per `maxBulkBytes`, with up to four in flight.
 * Some writes of a call may fail while others succeed: the StoreError names each key with index,
 * status and reason. Its `retriable` is true for 429, too many requests, a disk at flood stage,
 * lost connections and time limits; not for documents that do not fit the mapping. After a time
 * limit or a lost connection, a write may still have been done.
 */
export class ElasticsearchStore implements ListedStore, FencedStore {
  readonly #store: BackendStore<string>;

  /** @throws ConfigError that lists what is wrong with the options */
  constructor(options: ElasticsearchStoreOptions) {
    const backendOptions = elasticsearchBackendOptions('ElasticsearchStore', options, {
      index: indexProblem,
    });
    const { index } = options;
    this.#store = new BackendStore({
      name: 'ElasticsearchStore',
      where: `index '${index}'`,
      backend: new ElasticsearchBackend(backendOptions),
      place: index,
      timeoutMs: backendOptions.timeoutMs,
    });
    registerColumns(this, ElasticsearchStore.prototype, this.#store);
  }

  /**
   * An mget of one key:
   * https://www.elastic.co/guide/en/elasticsearch/reference/8.19/docs-multi-get.html
   */
  get(key: string, options?: StoreCallOptions): Promise<Buffer | undefined> {
    return this.#store.get(key, options);
  }

  /** An mget: https://www.elastic.co/guide/en/elasticsearch/reference/8.19/docs-multi-get.html */
  getAll(keys: readonly string[], options?: StoreCallOptions): Promise<Map<string, Buffer>> {
    return this.#store.getAll(keys, options);
  }

  /**
   * A bulk of one index action:
   * https://www.elastic.co/guide/en/elasticsearch/reference/8.19/docs-bulk.html
   */
  put(key: string, value: Buffer, options?: StoreCallOptions): Promise<void> {
    return this.#store.put(key, value, options);
  }

  /**
   * Bulk requests of index actions:
   * https://www.elastic.co/guide/en/elasticsearch/reference/8.19/docs-bulk.html
   */
  putAll(entries: StoreEntries, options?: StoreCallOptions): Promise<void> {
    return this.#store.putAll(entries, options);
  }

  /**
   * A bulk of one delete action:
   * https://www.elastic.co/guide/en/elasticsearch/reference/8.19/docs-bulk.html
   */
  delete(key: string, options?: StoreCallOptions): Promise<void> {
    return this.#store.delete(key, options);
  }

  /**
   * Bulk requests of delete actions:
   * https://www.elastic.co/guide/en/elasticsearch/reference/8.19/docs-bulk.html
   */
  deleteAll(keys: readonly string[], options?: StoreCallOptions): Promise<void> {
    return this.#store.deleteAll(keys, options);
  }

  /**
   * A flush of its own index:
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

  /**
   * A refresh, a search for all ids at one point in time with 10,000 per request, then an mget for
   * each 1,000 keys:
   * https://www.elastic.co/guide/en/elasticsearch/reference/8.19/point-in-time-api.html.
   * Elasticsearch neither sorts by `_id` nor searches for a part of it. So all ids of the index are
   * read, and those in the range are held in memory to sort them. `timeoutMs` applies to each
   * request.
   */
  entries(options?: EntriesOptions): AsyncIterable<[key: string, value: Buffer]> {
    return this.#store.entries(options);
  }
}
