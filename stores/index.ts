export type { Store, StoreEntries } from './store.ts';
export { MultiMap, type MultiStore, type TenantKey } from './multi-store.ts';
