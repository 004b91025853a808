import { BackendStore } from './backend/backend-store.ts';
import { ElasticsearchBackend } from './elasticsearch/elasticsearch-backend.ts';
import {
  elasticsearchBackendOptions,
  indexProblem,
  type ElasticsearchOptions,
} from './elasticsearch/elasticsearch-options.ts';
import type { EntriesOptions, ListedStore, StoreCallOptions, StoreEntries } from './store.ts';

/** Options of an {@link ElasticsearchStore}. */
export interface ElasticsearchStoreOptions extends ElasticsearchOptions {
  /** The index whose documents the values are. A missing one has no keys, and the first write makes it, as far as the server allows that. */
  readonly index: string;
}

/**
 * A Store in Elasticsearch 8 or newer: documents `{index}/_doc/{key}`.
 *
 * Values are JSON objects as Buffers, and come back with the bytes that were put, but for line breaks between tokens, which become blanks; objects are put and
 * read with {@link withCodec} and its codec `json`. A key may have 512 bytes. Reads see what was written, refreshed or not (mget is real-time).
 *
 * A read is one request for each 10,000 keys, a write one for each `maxBulkBytes`, four at once. Some of a call's writes may fail while others are done: the
 * StoreError names each key with index, status and reason. Its `retriable` is true for 429, too many requests, a disk at flood stage, lost connections and time
 * limits; not for documents that do not fit the mapping. After a time limit or a lost connection a write may have been done.
 */
export class ElasticsearchStore implements ListedStore {
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
  }

  /** An mget of one key: https://www.elastic.co/guide/en/elasticsearch/reference/8.19/docs-multi-get.html */
  get(key: string, options?: StoreCallOptions): Promise<Buffer | undefined> {
    return this.#store.get(key, options);
  }

  /** An mget: https://www.elastic.co/guide/en/elasticsearch/reference/8.19/docs-multi-get.html */
  getAll(keys: readonly string[], options?: StoreCallOptions): Promise<Map<string, Buffer>> {
    return this.#store.getAll(keys, options);
  }

  /** A bulk of one index action: https://www.elastic.co/guide/en/elasticsearch/reference/8.19/docs-bulk.html */
  put(key: string, value: Buffer, options?: StoreCallOptions): Promise<void> {
    return this.#store.put(key, value, options);
  }

  /** Bulk requests of index actions: https://www.elastic.co/guide/en/elasticsearch/reference/8.19/docs-bulk.html */
  putAll(entries: StoreEntries, options?: StoreCallOptions): Promise<void> {
    return this.#store.putAll(entries, options);
  }

  /** A bulk of one delete action: https://www.elastic.co/guide/en/elasticsearch/reference/8.19/docs-bulk.html */
  delete(key: string, options?: StoreCallOptions): Promise<void> {
    return this.#store.delete(key, options);
  }

  /** Bulk requests of delete actions: https://www.elastic.co/guide/en/elasticsearch/reference/8.19/docs-bulk.html */
  deleteAll(keys: readonly string[], options?: StoreCallOptions): Promise<void> {
    return this.#store.deleteAll(keys, options);
  }

  /** A flush of its own index: https://www.elastic.co/guide/en/elasticsearch/reference/8.19/indices-flush.html */
  flush(options?: StoreCallOptions): Promise<void> {
    return this.#store.flush(options);
  }

  /**
   * A refresh, a search of all ids at one point in time, 10,000 a request, then mget of 1,000 keys each:
   * https://www.elastic.co/guide/en/elasticsearch/reference/8.19/point-in-time-api.html. Elasticsearch neither sorts by `_id` nor searches for a part of it: all
   * ids of the index are read, and those of the range held in memory to sort them. `timeoutMs` is for each request.
   */
  entries(options?: EntriesOptions): AsyncIterable<[key: string, value: Buffer]> {
    return this.#store.entries(options);
  }
}
