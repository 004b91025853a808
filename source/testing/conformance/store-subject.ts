import type { Store } from '../../../stores/store.ts';
import type { ConformanceCase } from './conformance-case.ts';

/**
 * What a Store may lack:
 * - `any-bytes`: values that are no JSON documents, empty ones too
 * - `entries`: the method `entries`, which lists what is held
 * - `fence`: the method `fence`, which keeps out what former owners write; needs `reopen`, too
 * - `reopen`: what one instance wrote is read by another one on the same backend
 */
export type StoreFeature = 'any-bytes' | 'entries' | 'fence' | 'reopen';

/**
 * What a case of {@link storeConformance} works on. Keys are random, so that all cases may share
 * one store.
 */
export interface StoreSubject {
  /** The store to check. */
  readonly store: Store;
  /**
   * Another instance on the same backend, with a client of its own; for cases that require `reopen`
   * or `fence`.
   */
  reopen?(): Store | Promise<Store>;
}

/** A case of {@link storeConformance}. */
export type StoreCase = ConformanceCase<StoreSubject, StoreFeature>;
