import type { MultiStore } from '../../../stores/multi-store.ts';
import { fresh, type ConformanceCase } from './conformance-case.ts';

/**
 * What a MultiStore may lack:
 * - `entries`: its tenants' stores have the method `entries`
 * - `reopen`: what one instance wrote is read by another one on the same backend
 */
export type MultiStoreFeature = 'entries' | 'reopen';

/**
 * What a case of {@link multiStoreConformance} works on. Tenants and keys are random, so that all
 * cases may share one store.
 */
export interface MultiStoreSubject {
  /** The store to check. */
  readonly store: MultiStore;
  /** Another instance on the same backend; for cases that require `reopen`. */
  reopen?(): MultiStore | Promise<MultiStore>;
  /**
   * A tenant of this name, in a form that the backend takes. Default: the name itself, which has
   * small letters, digits and dashes.
   */
  tenant?(name: string): string;
}

/** A case of {@link multiStoreConformance}. */
export type MultiStoreCase = ConformanceCase<MultiStoreSubject, MultiStoreFeature>;

/** A tenant that nobody else uses. */
export function tenantOf(subject: MultiStoreSubject, name: string): string {
  return toTenant(subject, fresh(name));
}

/** A tenant of this name, in the backend's form. */
export function toTenant(subject: MultiStoreSubject, name: string): string {
  return subject.tenant === undefined ? name : subject.tenant(name);
}
