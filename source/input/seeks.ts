import type { RunContext } from '../config/run-context.ts';
import type { PartitionSource } from '../kafka/source.ts';
import { LifecycleError } from '../kernel/errors.ts';
import type { InputPartition } from './input-partition.ts';
import type { PartitionProgress } from './partition-progress.ts';

/**
 * Moves partitions that are being processed to other offsets, one seek of a partition after
 * another.
 */
export class Seeks {
  readonly #run: RunContext;
  readonly #source: PartitionSource;
  /** The last seek of each input partition, by id. */
  readonly #last = new Map<string, Promise<void>>();

  constructor(run: RunContext, source: PartitionSource) {
    this.#run = run;
    this.#source = source;
  }

  /**
   * Continues with one topic of a partition at another offset, which is in its log.
   *
   * 1. The partition begins no batch, and is left out of fetches; the batch in process ends.
   * 2. What it did is committed.
   * 3. In one turn: what was fetched is dropped, what is still to come for an older fetch is stale,
   *    the new position is to be committed.
   * 4. When it is, the partition is read again.
   *
   * @throws LifecycleError if the run ends meanwhile
   */
  async seek(partition: InputPartition, progress: PartitionProgress, offset: number): Promise<void> {
    const before = this.#last.get(partition.id);
    const seek = (async () => {
      // One after another: topics that are joined share the partition that is held. How the one
      // before ended is reported to its caller.
      await before?.catch(() => undefined);
      await this.#seekNow(partition, progress, offset);
    })();
    this.#last.set(partition.id, seek);
    await seek;
  }

  async #seekNow(partition: InputPartition, progress: PartitionProgress, offset: number): Promise<void> {
    const { topic } = progress;
    this.#throwIfClosing();
    try {
      await partition.hold();
      await partition.delivery.acked();
      this.#throwIfClosing();
      const { logger } = this.#run;
      logger.info('Seek', { topic, partition: progress.partition, from: progress.position, to: offset });
      progress.epoch = this.#source.seek(progress, offset);
      progress.goTo(offset);
      partition.loop.restart({ topic, nextOffset: offset, leaderEpoch: -1 });
      await partition.delivery.stored(topic);
      this.#throwIfClosing();
    } finally {
      partition.letGo();
    }
  }

  #throwIfClosing(): void {
    const { closing } = this.#run;
    if (closing.aborted) throw new LifecycleError('The processor is closing', { cause: closing.reason });
  }
}
