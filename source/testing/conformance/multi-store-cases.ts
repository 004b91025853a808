import { multiStoreBasicCases } from './multi-store-basic-cases.ts';
import { multiStoreCallCases } from './multi-store-call-cases.ts';
import type { MultiStoreCase } from './multi-store-subject.ts';

export type { MultiStoreCase, MultiStoreFeature, MultiStoreSubject } from './multi-store-subject.ts';

/**
 * What every `MultiStore` must do beside what its tenants' Stores must (run
 * {@link storeConformance} with `store.tenant(name)`).
 *
 * @example for (const { title, run } of multiStoreConformance) test(title, () => run({ store: new
 *   MyMultiStore() }));
 */
export const multiStoreConformance: readonly MultiStoreCase[] = Object.freeze([
  ...multiStoreBasicCases,
  ...multiStoreCallCases,
]);
