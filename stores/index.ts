export type { Codec } from '../source/codecs/codec.ts';
export type { EntriesOptions, ListedStore, Store, StoreCallOptions, StoreEntries } from './store.ts';
export type { FencedStore, StoreFence, StoreOwner } from './store-owner.ts';
export { MultiMap, type AnyStore, type MultiStore, type TenantKey } from './multi-store.ts';
export { MapStore, type MapStoreOptions } from './map-store.ts';
export { MultiMapStore } from './multi-map-store.ts';
export { logRedisEvents, type RedisEmitter } from './redis/redis-log.ts';
export type { RedisBatch, RedisClient, RedisCommand } from './redis/redis-client.ts';
export type { RedisArgument } from './redis/redis-command-bytes.ts';
export type { RedisOptions } from './redis/redis-options.ts';
export { RedisStore, type RedisStoreOptions } from './redis-store.ts';
export { MultiRedisStore, type MultiRedisStoreOptions } from './multi-redis-store.ts';
export type {
  ElasticsearchClient,
  ElasticsearchRequest,
  ElasticsearchRequestOptions,
} from './elasticsearch/elasticsearch-client.ts';
export { logElasticsearchEvents, type ElasticsearchEmitter } from './elasticsearch/elasticsearch-log.ts';
export type { ElasticsearchOptions } from './elasticsearch/elasticsearch-options.ts';
export { ElasticsearchStore, type ElasticsearchStoreOptions } from './elasticsearch-store.ts';
export { MultiElasticsearchStore, type MultiElasticsearchStoreOptions } from './multi-elasticsearch-store.ts';
export { checkedStore, type CheckedStoreOptions } from './checked-store.ts';
export { withCodec } from './with-codec.ts';
export { instrumented, type InstrumentedOptions, type TenantLabel } from './instrumented.ts';
