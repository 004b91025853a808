import type { BackendCall } from './backend-call.ts';
import type { FailureReason } from './item.ts';
import type { StoreFence, StoreOwner } from '../store-owner.ts';

/**
 * What a database must be able to do, so that a Store and a MultiStore can be made of it. Keys and
 * values were checked, no key occurs twice in a call, and no call is empty. Each method settles
 * every item of its call (`done` or `fail`) or all of its keys together (`keys.done`), or throws for all
 * that are left.
 */
export interface Backend<Place> {
  /** Why the backend can never accept a key or a value; undefined if it can. */
  problemOf(key: string, place: Place, value?: Buffer): string | undefined;
  read(call: BackendCall<Place>): Promise<void>;
  write(call: BackendCall<Place>): Promise<void>;
  remove(call: BackendCall<Place>): Promise<void>;
  flush(places: readonly Place[], signal: AbortSignal): Promise<void>;
  /**
   * Lists the keys of a place: all that begin with the prefix, and perhaps others; in any order,
   * one perhaps twice.
   */
  listKeys(place: Place, listing: KeyListing): Promise<void>;
  /** As {@link FencedStore.fence}. */
  fence(owner: StoreOwner): StoreFence;
  /** What an operator should know of the place: see `warnings` of a Store. */
  warnings?(): Promise<readonly string[]>;
  /** What an error of its client means. */
  explain(error: unknown): FailureReason;
}

/** Which keys are listed, how requests are sent, and where the keys go. */
export interface KeyListing {
  readonly prefix: string;
  /** Sends a request, and limits its time. */
  readonly request: <Result>(send: (signal: AbortSignal) => Promise<Result>) => Promise<Result>;
  readonly onKeys: (keys: readonly string[]) => void;
}
