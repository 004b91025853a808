import { MapStore, MultiMapStore } from '../../../stores/index.ts';
import { openElasticsearchStores } from './elasticsearch-stores.ts';
import { openRedisStores } from './redis-stores.ts';
import type { OpenedStores, StoreUser } from './store-connection.ts';
import type { StorePlace } from '../settings/store-flags.ts';

/**
 * Connects to where the stores of a job are; the same name gives the same store.
 *
 * @throws ConfigError if the client's package is not installed, StoreError if the server does not
 *   answer, and the reason of the signal when that is aborted
 */
export async function openStores(place: StorePlace, user: StoreUser): Promise<OpenedStores> {
  switch (place.kind) {
    case 'map':
      return mapStores();
    case 'redis':
      return openRedisStores(place.urls, user);
    case 'elasticsearch':
      return openElasticsearchStores(place.url, user);
  }
}

function mapStores(): OpenedStores {
  const stores = new Map<string, MapStore>();
  const multiStores = new Map<string, MultiMapStore>();
  return {
    what: 'the memory of this process',
    store: (name) => stores.get(name) ?? added(stores, name, new MapStore()),
    multiStore: (name) => multiStores.get(name) ?? added(multiStores, name, new MultiMapStore()),
    held: () =>
      [...stores, ...multiStores].flatMap(([name, { size }]) => (size === 0 ? [] : [{ name, keys: size }])),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function added<T>(all: Map<string, T>, name: string, one: T): T {
  all.set(name, one);
  return one;
}
