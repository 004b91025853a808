import { storeBasicCases } from './store-basic-cases.ts';
import { storeCallCases } from './store-call-cases.ts';
import { storeContentCases } from './store-content-cases.ts';
import { storeEntriesCases } from './store-entries-cases.ts';
import { storeFenceCases } from './store-fence-cases.ts';
import { storeKeyCases } from './store-key-cases.ts';
import { storeRefusalCases } from './store-refusal-cases.ts';
import type { StoreCase } from './store-subject.ts';

export type { StoreCase, StoreFeature, StoreSubject } from './store-subject.ts';

/**
 * What every `Store` must do. Check a store of your own with a loop over these cases.
 *
 * @example
 * for (const { title, requires, run } of storeConformance) {
 *   if (requires === 'any-bytes') continue; // holds JSON documents only
 *   test(title, async () => {
 *     await run({ store: new MyStore(client), reopen: () => new MyStore(client) });
 *   });
 * }
 */
export const storeConformance: readonly StoreCase[] = Object.freeze([
  ...storeBasicCases,
  ...storeContentCases,
  ...storeCallCases,
  ...storeKeyCases,
  ...storeRefusalCases,
  ...storeEntriesCases,
  ...storeFenceCases,
]);
