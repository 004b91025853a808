import type { StoreKey } from '../source/kernel/errors.ts';

/** A key, where the backend keeps it, and, when it is to be written, its value. */
export interface Item<Place> extends StoreKey {
  /** Where the tenant's keys are: a prefix, an index. */
  readonly place: Place;
  readonly value?: Buffer;
}

/** Why a call failed for a key. */
export interface FailureReason {
  readonly text: string;
  readonly retriable: boolean;
  /** True: the write may have been done all the same. */
  readonly isUnknown?: boolean;
  readonly cause?: unknown;
}
