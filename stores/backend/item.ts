/**
 * A key of a call: where the backend keeps it, the value to write, and what became of it. All items
 * are objects of one shape, since a call may have ten thousand of them.
 */
export class Item<Place> {
  readonly key: string;
  /** Where the tenant's keys are: a prefix, an index. */
  readonly place: Place;
  readonly tenant: string | undefined;
  readonly value: Buffer | undefined;
  /** The key was written, removed, or read: then `found` is its value, if there is one. */
  isDone = false;
  found: Buffer | undefined = undefined;
  failure: FailureReason | undefined = undefined;

  constructor(key: string, place: Place, tenant: string | undefined, value: Buffer | undefined) {
    this.key = key;
    this.place = place;
    this.tenant = tenant;
    this.value = value;
  }
}

/** Why a call failed for a key. */
export interface FailureReason {
  readonly text: string;
  readonly retriable: boolean;
  /** True: the write may still have been done. */
  readonly isUnknown?: boolean;
  readonly cause?: unknown;
}
