import type { PartitionSource } from '../kafka/client.ts';
import { LifecycleError } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import type { OffsetCommitter } from '../delivery/offset-committer.ts';
import type { PartitionProcessor } from '../batch/partition-processor.ts';
import type { PartitionProgress } from './partition-progress.ts';

export interface SeeksOptions {
  readonly source: PartitionSource;
  readonly committer: OffsetCommitter;
  readonly logger: Logger;
  readonly closing: AbortSignal;
  /** The partition begins no batch for now. */
  readonly onHeld: (partition: number) => void;
  /** The partition goes on. */
  readonly onDone: (partition: number) => void;
}

/** Moves partitions that are being processed to other offsets, one seek of a partition after another. */
export class Seeks {
  readonly #options: SeeksOptions;
  /** The last seek of each partition. */
  readonly #last = new Map<number, Promise<void>>();

  constructor(options: SeeksOptions) {
    this.#options = options;
  }

  /**
   * Goes on with one topic-partition from another offset, which is in its log.
   *
   * 1. The partition begins no batch, and is left out of fetches; the batch in hand ends.
   * 2. What it did is committed.
   * 3. In one turn: what was fetched is dropped, what is still to come for an older fetch is stale, the new position is to be committed.
   * 4. When it is, the partition is read again.
   *
   * @throws LifecycleError if the run ends meanwhile
   */
  async seek(progress: PartitionProgress, processor: PartitionProcessor, offset: number): Promise<void> {
    const before = this.#last.get(progress.partition);
    const seek = (async () => {
      // One after another: topics that are joined share the processor that is held. How the one before ended is told to its caller.
      await before?.catch(() => undefined);
      await this.#seekNow(progress, processor, offset);
    })();
    this.#last.set(progress.partition, seek);
    await seek;
  }

  async #seekNow(progress: PartitionProgress, processor: PartitionProcessor, offset: number): Promise<void> {
    const { source, committer, logger, onHeld, onDone } = this.#options;
    const { topic, partition } = progress;
    this.#throwIfClosing();
    try {
      const batchEnded = processor.hold();
      onHeld(partition);
      await batchEnded;
      await committer.acked(partition);
      this.#throwIfClosing();
      logger.info('Seek', { topic, partition, from: progress.position, to: offset });
      progress.epoch = source.seek({ topic, partition }, offset);
      progress.goTo(offset);
      processor.restart({ topic, nextOffset: offset, leaderEpoch: -1 });
      await committer.stored(topic, partition);
      this.#throwIfClosing();
    } finally {
      processor.letGo();
      onDone(partition);
    }
  }

  #throwIfClosing(): void {
    const { closing } = this.#options;
    if (closing.aborted) throw new LifecycleError('The processor is closing', { cause: closing.reason });
  }
}
