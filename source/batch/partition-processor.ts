import { stillOwned } from '../assignment/ownership-guard.ts';
import type { RunContext } from '../config/run-context.ts';
import type { FinishedWork, PartitionDelivery } from '../delivery/delivery.ts';
import { callGuarded } from '../kernel/call-guarded.ts';
import type { TimeoutError } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import type { MessageProcessor, ProcessFunction } from '../message-processor.ts';
import type { PartitionStep } from '../stats.ts';
import { BatchAttempts } from './batch-attempts.ts';
import { BatchSteps } from './batch-steps.ts';
import type { Batch, TopicPosition } from './batcher.ts';
import type { PartitionPositions } from './partition-positions.ts';
import { processError } from './process-error.ts';
import type { SharedParts } from './shared-parts.ts';

/**
 * Takes the batches of one input partition through the straight line, one strictly after another.
 * {@link BatchLoop} decides when one begins.
 */
export class PartitionProcessor {
  readonly #options: PartitionProcessorOptions;
  readonly #process: ProcessFunction;
  readonly #log: Logger;
  #attempts: BatchAttempts | undefined;
  #step: PartitionStep = 'idle';

  constructor(options: PartitionProcessorOptions) {
    this.#options = options;
    this.#log = options.logger;
    const { messageProcessor } = options;
    this.#process = messageProcessor.process.bind(messageProcessor);
  }

  /** What its batch is at. */
  get step(): PartitionStep {
    return this.#step;
  }

  /** Whether a batch was given up while the user's function was still running. */
  get hangs(): boolean {
    return this.#attempts?.hangs === true;
  }

  /**
   * The straight line: the only way to a commit. Nothing is committed before all that it depends on
   * is durable, and a failure at any step ends this partition before the commit.
   */
  async runBatch(batch: Batch): Promise<void> {
    const { run, partition, delivery: ofPartition, positions, shared } = this.#options;
    const { config, reports } = run;
    const delivery = ofPartition.begin();
    const attempts = new BatchAttempts(batch, delivery, { run, partition, logger: this.#log, shared });
    const steps = new BatchSteps({ batch: shared.nextBatch(), partition }, batch, {
      reports,
      clock: config.clock,
    });
    this.#attempts = attempts;
    let doing = 'process';
    this.#step = 'process';
    try {
      // 1. The user's code, in the slot that the loop acquired. What follows overlaps with the next
      //    partition's process.
      await attempts.process(this.#process, batch.messages);
      attempts.leave();
      steps.completed('processed', attempts.sent);

      // 2. Outputs are durable: every record acked by all in-sync replicas.
      doing = 'flush of the sender';
      this.#step = 'produce';
      await attempts.flush();
      steps.completed('flushed', attempts.sent);

      // 3. Stores that asked for it are durable. Another owner may have come meanwhile: what waits
      //    in them is not to overwrite what that one wrote.
      this.#step = 'store';
      for (const name of config.flushedStores) {
        doing = `check of the claims before the flush of store '${name}'`;
        await stillOwned(shared.guard);
        doing = `flush of store '${name}'`;
        await config.stores[name]?.flush();
      }
      steps.completed('stored', attempts.sent);

      // 4. Only now the offsets, pipelined: the next batch may run while the request is in flight.
      doing = 'step before the commit';
      const { sent, durables, committedCallbacks } = attempts;
      const work = this.#finishedWork(batch.positions, steps, { sent, durables, committedCallbacks });
      const offered = delivery.commit(work);
      if (offered !== undefined) await offered;
      positions.batchDone();
    } catch (error) {
      // The limit was passed: nothing was thrown by the user's code that could be the cause.
      if (attempts.signal.aborted && error === attempts.signal.reason) throw error;
      throw processError(error, { doing, partition, ranges: batch.ranges });
    }
    this.#step = 'commit';
    if (config.commit === 'each') await ofPartition.acked();
    // It would keep the batch's messages in memory. After a failure it is needed to give the slot
    // back.
    this.#attempts = undefined;
  }

  /**
   * What waits for the commit. Made apart from runBatch, so that it does not keep the batch's
   * messages in memory until the ack.
   */
  #finishedWork(
    positions: readonly TopicPosition[],
    steps: BatchSteps,
    { sent, durables, committedCallbacks }: Pick<BatchAttempts, 'sent' | 'durables' | 'committedCallbacks'>,
  ): FinishedWork {
    return {
      records: steps.records,
      positions: () => this.#options.positions.ofBatch(positions),
      durables,
      onCommitted: () => {
        // 5. What depends on the commit.
        steps.completed('committed', sent);
        for (const callback of committedCallbacks) this.#callBack(callback);
      },
    };
  }

  #callBack(callback: () => unknown): void {
    callGuarded(callback, (error) => {
      const { partition } = this.#options;
      this.#log.error('A callback of context.onCommitted failed', { partition, error });
    });
  }

  /**
   * Gives up a function that is still in `process`: nothing of its batch is flushed or committed.
   */
  abandon(tooLate: TimeoutError): void {
    this.#attempts?.abandon(tooLate);
  }

  /** Gives back the process slot of a batch that has failed. */
  leave(): void {
    this.#attempts?.leave();
  }
}

/** What a partition's processor works with. */
export interface PartitionProcessorOptions {
  readonly run: RunContext;
  readonly partition: number;
  /** Carries the partition. */
  readonly logger: Logger;
  readonly messageProcessor: MessageProcessor;
  readonly delivery: PartitionDelivery;
  readonly positions: PartitionPositions;
  readonly shared: SharedParts;
}
