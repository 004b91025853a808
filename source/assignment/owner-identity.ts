/** A run as stores know it. */
export interface OwnerIdentity {
  /** A UUID of the run. */
  readonly id: string;
  /** Higher than that of each owner before. */
  readonly fence: number;
  /** Owners before it whose writes to stores may still be on their way. */
  readonly former: readonly string[];
}
