import type { OwnershipGuard } from '../assignment/ownership-guard.ts';
import type { Config } from '../config/config.ts';
import { KeylessSpread } from '../kafka/partitioner.ts';
import type { SenderOptions } from './buffered-sender.ts';
import { LoopTurns } from './loop-turns.ts';
import { MemoryBudget } from './memory-budget.ts';
import { ProcessSlots } from './process-slots.ts';
import { SendTime } from './send-time.ts';

/** What the partitions of a run share while they process batches. */
export class SharedParts {
  readonly slots: ProcessSlots;
  readonly turns: LoopTurns;
  readonly budget: MemoryBudget;
  readonly guard: OwnershipGuard;
  /** Of all senders: what each record calls is one function, not one for each sender. */
  readonly senders: Omit<SenderOptions, 'sink' | 'mayFlush'>;
  #batches = 0;

  constructor(config: Config, guard: OwnershipGuard) {
    const { concurrency, maxBufferBytes, partitioner, maxRecordBytes, maxSendBufferBytes, clock } = config;
    this.slots = new ProcessSlots(concurrency);
    this.turns = new LoopTurns(clock);
    this.budget = new MemoryBudget(maxBufferBytes);
    this.guard = guard;
    const sendTime = new SendTime(clock);
    this.senders = {
      partitioner,
      // Records without a key rotate over the partitions of a topic, over all senders together.
      keyless: new KeylessSpread(),
      maxRecordBytes,
      maxSendBufferBytes,
      wallNow: () => sendTime.now(),
    };
  }

  /** The number of the next batch: no two batches of a run have the same. */
  nextBatch(): number {
    return ++this.#batches;
  }
}
