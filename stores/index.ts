export type { Store, StoreEntries } from './store.ts';
export { MultiMap, type MultiStore, type TenantKey } from './multi-store.ts';
export { MapStore } from './map-store.ts';
export { MultiMapStore } from './multi-map-store.ts';
