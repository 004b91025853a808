import {
  CONTROL,
  TRANSACTIONAL,
  attributesOf,
  baseOffsetOf,
  lastOffsetDeltaOf,
  producerIdOf,
} from '../../kafka/records/batch-header.ts';
import { markerOf } from './marker-batch.ts';
import type { AbortedRange } from './open-transactions.ts';

/**
 * What compaction knows of transactions while it goes through a log from its start: which batches
 * were aborted, and which markers have nothing left that they would end.
 */
export class CleanedTransactions {
  /** Of aborted transactions that are not met yet, the next one last. */
  readonly #coming: AbortedRange[];
  /** Those that are met, and whether one of their batches was. */
  readonly #aborted = new Map<bigint, { readonly range: AbortedRange; hasBatches: boolean }>();
  /** Producers of which a batch was met whose marker commits it. */
  readonly #committed = new Set<bigint>();
  readonly #kept: AbortedRange[] = [];

  constructor(aborted: readonly AbortedRange[]) {
    this.#coming = aborted.toSorted((a, b) => b.firstOffset - a.firstOffset);
  }

  /** Aborted transactions of which a batch was met, and then the marker: readers must still know them. */
  get kept(): readonly AbortedRange[] {
    return this.#kept;
  }

  /**
   * Takes note of the next batch. Returns whether it counts for nothing: it was aborted, or is a
   * marker of a transaction of which no batch was there.
   */
  isVoid(batch: Buffer): boolean {
    this.#meetAborted(baseOffsetOf(batch, 0) + lastOffsetDeltaOf(batch, 0));
    const attributes = attributesOf(batch, 0);
    const producerId = producerIdOf(batch, 0);
    if ((attributes & CONTROL) !== 0) return this.#isVoidMarker(batch, producerId);
    if ((attributes & TRANSACTIONAL) === 0) return false;
    const aborted = this.#aborted.get(producerId);
    if (aborted === undefined) this.#committed.add(producerId);
    else aborted.hasBatches = true;
    return aborted !== undefined;
  }

  #meetAborted(lastOffset: number): void {
    for (;;) {
      const next = this.#coming.at(-1);
      if (next === undefined || next.firstOffset > lastOffset) return;
      this.#coming.pop();
      if (!this.#aborted.has(next.producerId)) {
        this.#aborted.set(next.producerId, { range: next, hasBatches: false });
      }
    }
  }

  #isVoidMarker(batch: Buffer, producerId: bigint): boolean {
    const marker = markerOf(batch);
    // Emptied before.
    if (marker === undefined) return true;
    if (marker.committed) return !this.#committed.delete(producerId);
    const aborted = this.#aborted.get(producerId);
    this.#aborted.delete(producerId);
    if (aborted?.hasBatches !== true) return true;
    this.#kept.push(aborted.range);
    return false;
  }
}
