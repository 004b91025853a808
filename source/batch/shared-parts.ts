import type { OwnershipGuard } from '../assignment/ownership-guard.ts';
import type { Config } from '../config/config.ts';
import { KeylessSpread } from '../kafka/partitioner.ts';
import { MemoryBudget } from './memory-budget.ts';
import { ProcessSlots } from './process-slots.ts';

/** What the partitions of a run share while they process batches. */
export class SharedParts {
  readonly slots: ProcessSlots;
  readonly budget: MemoryBudget;
  readonly guard: OwnershipGuard;
  /** Records without a key rotate over the partitions of a topic, over all senders together. */
  readonly keyless = new KeylessSpread();
  #batches = 0;

  constructor({ concurrency, maxBufferBytes }: Config, guard: OwnershipGuard) {
    this.slots = new ProcessSlots(concurrency);
    this.budget = new MemoryBudget(maxBufferBytes);
    this.guard = guard;
  }

  /** The number of the next batch: no two batches of a run have the same. */
  nextBatch(): number {
    return ++this.#batches;
  }
}
