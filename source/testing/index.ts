export type { ConformanceCase } from './conformance/conformance-case.ts';
export {
  multiStoreConformance,
  type MultiStoreCase,
  type MultiStoreFeature,
  type MultiStoreSubject,
} from './conformance/multi-store-cases.ts';
export {
  storeConformance,
  type StoreCase,
  type StoreFeature,
  type StoreSubject,
} from './conformance/store-cases.ts';
