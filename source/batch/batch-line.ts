import { stillOwned } from '../assignment/ownership-guard.ts';
import type { RunContext } from '../config/run-context.ts';
import type { FinishedWork, PartitionDelivery } from '../delivery/delivery.ts';
import { callGuarded } from '../kernel/call-guarded.ts';
import { CommitError, type KasperError, type TimeoutError } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import type { ConsumerMessage } from '../message.ts';
import type { ProcessFunction } from '../message-processor.ts';
import type { PartitionStep } from '../stats.ts';
import { BatchAttempts } from './batch-attempts.ts';
import type { PartitionContext } from './batch-context.ts';
import { BatchSteps } from './batch-steps.ts';
import type { BegunBatch } from './batcher.ts';
import type { PartitionPositions } from './partition-positions.ts';
import { processError } from './process-error.ts';
import type { SharedParts } from './shared-parts.ts';

/**
 * One batch on the straight line: {@link process}, then {@link finish}. The only way to a commit:
 * nothing is committed before all that it depends on is durable, and a failure at any step ends the
 * batch before the commit.
 */
export class BatchLine {
  readonly #options: BatchLineOptions;
  readonly #attempts: BatchAttempts;
  readonly #steps: BatchSteps;
  readonly #ranges: BegunBatch['ranges'];
  readonly #positions: BegunBatch['positions'];
  #doing = 'process';
  #step: PartitionStep = 'process';

  /**
   * @param before steps 2 to 4 of the batch before, while they are under way; never rejects
   */
  constructor(batch: BegunBatch, options: BatchLineOptions, before: Promise<void> | undefined) {
    const { run, context, delivery, shared } = options;
    const { reports, config } = run;
    this.#options = options;
    this.#ranges = batch.ranges;
    this.#positions = batch.positions;
    this.#attempts = new BatchAttempts(batch, delivery.begin(), { run, context, shared, before });
    const numbered = { batch: shared.nextBatch(), partition: context.partition };
    this.#steps = new BatchSteps(numbered, batch, { reports, clock: config.clock });
  }

  /** What it is at. */
  get step(): PartitionStep {
    return this.#step === 'process' && this.#attempts.isWaiting ? 'wait' : this.#step;
  }

  /** Whether it was given up while the user's function was still running. */
  get hangs(): boolean {
    return this.#attempts.hangs;
  }

  /** What must be recorded between its flush and its commit. */
  get hasDurables(): boolean {
    return this.#attempts.durables.length > 0;
  }

  /** Bytes that it has sent, and that wait for the flush. */
  get unsentBytes(): number {
    return this.#attempts.unsentBytes;
  }

  /**
   * Step 1: the user's code, in the slot that the loop has acquired. The slot is kept after a
   * failure.
   *
   * @throws ProcessError; the TimeoutError of a limit that was passed, or what {@link giveUp} was
   *   given
   */
  async process(userProcess: ProcessFunction, messages: readonly ConsumerMessage[]): Promise<void> {
    const attempts = this.#attempts;
    try {
      await attempts.process(userProcess, messages);
    } catch (error) {
      throw this.#failure(error);
    }
    attempts.leave();
    this.#steps.completed('processed', attempts);
    this.#step = 'produce';
  }

  /**
   * Steps 2 to 4. They may overlap with step 1 of other partitions, and of the next batch.
   *
   * @param place the batch's number among the positions
   * @throws ProcessError, CommitError
   */
  async finish(place: number): Promise<void> {
    const { run, positions, delivery, shared } = this.#options;
    const { config } = run;
    const attempts = this.#attempts;
    const steps = this.#steps;
    try {
      // 2. Outputs are durable: every record acked by all in-sync replicas.
      this.#doing = 'flush of the sender';
      const flushed = attempts.flush();
      if (flushed !== undefined) await flushed;
      steps.completed('flushed', attempts);

      // 3. Stores that asked for it are durable. Another owner may have come meanwhile: what waits
      //    in them is not to overwrite what that one wrote.
      this.#step = 'store';
      for (const name of config.flushedStores) {
        this.#doing = `check of the claims before the flush of store '${name}'`;
        await stillOwned(shared.guard);
        this.#doing = `flush of store '${name}'`;
        await config.stores[name]?.flush();
      }
      steps.completed('stored', attempts);

      // 4. Only now the offsets, pipelined: the next batch may run while the request is in flight.
      this.#doing = 'step before the commit';
      const offered = attempts.commit(this.#finishedWork(place));
      if (offered !== undefined) await offered;
      positions.batchDone(place);
    } catch (error) {
      throw this.#failure(error);
    }
    this.#step = 'commit';
    if (config.commit === 'each') await delivery.acked();
  }

  /** Gives back the process slot. */
  leave(): void {
    this.#attempts.leave();
  }

  /** The batch before has failed: nothing of this one is flushed or committed. */
  giveUp(reason: KasperError): void {
    this.#attempts.giveUp(reason);
  }

  /** @throws what {@link giveUp} was given */
  throwIfGivenUp(): void {
    this.#attempts.throwIfOver();
  }

  /**
   * Gives up a function that is still in `process`: nothing of its batch is flushed or committed.
   */
  abandon(tooLate: TimeoutError): void {
    this.#attempts.abandon(tooLate);
  }

  #finishedWork(place: number): FinishedWork {
    const { positions } = this.#options;
    const { sent, tally, durables, committedCallbacks } = this.#attempts;
    const steps = this.#steps;
    return {
      records: steps.records,
      positions: () => positions.ofBatch(place, this.#positions),
      durables,
      onCommitted: () => {
        // 5. What depends on the commit.
        steps.completed('committed', { sent, tally });
        for (const callback of committedCallbacks) this.#callBack(callback);
      },
    };
  }

  #callBack(callback: () => unknown): void {
    callGuarded(callback, (error) => {
      const { logger, context } = this.#options;
      logger.error('A callback of context.onCommitted failed', { partition: context.partition, error });
    });
  }

  #failure(error: unknown): unknown {
    const { reason, isCommitted } = this.#attempts;
    // A limit was passed, or the batch before failed: nothing was thrown by the user's code that
    // could be the cause.
    if (reason !== undefined && error === reason) return error;
    // The commit of this batch, or of one before it, in whose transaction nothing can be added now.
    if (error instanceof CommitError && this.#doing !== 'process') return error;
    return processError(error, {
      doing: isCommitted ? 'step after the transaction' : this.#doing,
      isCommitted,
      job: this.#options.run.config.topicProcessorName,
      partition: this.#options.context.partition,
      ranges: this.#ranges,
    });
  }
}

/** What the lines of one partition work with. */
export interface BatchLineOptions {
  readonly run: RunContext;
  readonly context: PartitionContext;
  /** Carries the partition. */
  readonly logger: Logger;
  readonly delivery: PartitionDelivery;
  readonly positions: PartitionPositions;
  readonly shared: SharedParts;
}
