import type { Logger } from '../source/kernel/logger.ts';

/** The run that a store works for, as the claims on its partitions know it. */
export interface StoreOwner {
  /** The consumer group of the job. */
  readonly group: string;
  /** A UUID of this run. */
  readonly id: string;
  /**
   * The fence number: higher than that of each owner that had these partitions before. undefined with
   * `claims: false`, since nobody knows then.
   */
  readonly fence: number | undefined;
  /**
   * The ids of owners before this one that did not release the partitions, or gave up a write: what
   * they have begun to write may still be on its way.
   */
  readonly former: readonly string[];
  /**
   * Has the claims read, however fresh what is known of them is.
   *
   * @throws FencedError when another process has taken a partition over
   */
  stillOwned(): Promise<void>;
  readonly logger: Logger;
}

/** What `fence` of a store returns. */
export interface StoreFence {
  /**
   * Resolves when nothing of the former owners can be written any more, or a warning has said that
   * this cannot be had here. Pending while the backend cannot be reached: then calls of the store
   * wait for it, within their time limits.
   */
  readonly done: Promise<void>;
  /** Whether a write of this run was given up, which the backend may still carry out. */
  readonly isUnsure: boolean;
  /** The run has ended. Idempotent. */
  release(): void;
}

/** A store that can keep out what former owners began to write. */
export interface FencedStore {
  /**
   * Works for a run from now on. Nothing is read before nothing of `owner.former` can be written any
   * more; and what this run begins to write can be kept out by the next owner.
   */
  fence(owner: StoreOwner): StoreFence;
}
