import type { StoreFence, StoreOwner } from '../store-owner.ts';

/** An owner has this many calls before its versions reach those of a next one with the next number. */
const CALLS_OF_A_FENCE = 2_097_152n;

/** Nothing has to be done, or nothing can be. */
export const unfenced: StoreFence = Object.freeze({
  done: Promise.resolve(),
  isUnsure: false,
  release: () => undefined,
});

/**
 * The versions of documents that runs write: higher with each owner, and with each call. A request
 * that comes late, of a former owner or of this one, is refused for a document that was written
 * since (version_conflict_engine_exception). For one that was not, it is harmless: whoever read it
 * before writes it again.
 *
 * @see https://www.elastic.co/guide/en/elasticsearch/reference/8.19/docs-index_.html#index-versioning
 */
export class DocumentVersions {
  /** The fence numbers of the runs that the store works for now, by their ids. */
  readonly #fences = new Map<string, number>();
  #last: bigint | undefined;

  fence({ id, fence }: StoreOwner): StoreFence {
    if (fence === undefined) return unfenced;
    this.#fences.set(id, fence);
    const first = BigInt(fence) * CALLS_OF_A_FENCE;
    if (this.#last === undefined || this.#last < first) this.#last = first;
    return {
      ...unfenced,
      release: () => {
        this.#fences.delete(id);
      },
    };
  }

  /** The version for the next call; undefined outside of a run: Elasticsearch counts. */
  next(): bigint | undefined {
    if (this.#last === undefined || this.#fences.size === 0) return undefined;
    this.#last += 1n;
    return this.#last;
  }
}
