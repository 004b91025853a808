/** A key of a call, where the backend keeps it, and, when it is to be written, its value; then what became of it. One object of one shape: a call has ten thousand of them. */
export class Item<Place> {
  readonly key: string;
  /** Where the tenant's keys are: a prefix, an index. */
  readonly place: Place;
  readonly tenant: string | undefined;
  readonly value: Buffer | undefined;
  /** Written, removed, or read: then `found` is the value, where there is one. */
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
  /** True: the write may have been done all the same. */
  readonly isUnknown?: boolean;
  readonly cause?: unknown;
}
