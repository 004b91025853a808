import type { RunContext } from '../config/run-context.ts';
import type { PartitionDelivery } from '../delivery/delivery.ts';
import type { Chunk } from '../kafka/source.ts';
import type { Timer } from '../kernel/clock.ts';
import type { Logger } from '../kernel/logger.ts';
import type { BatchTrigger } from '../message-processor.ts';
import type { PartitionStep } from '../stats.ts';
import { Batcher, type TopicPosition } from './batcher.ts';
import type { MemoryHolder } from './memory-budget.ts';
import type { PartitionPositions } from './partition-positions.ts';
import type { BatchOwner, PartitionProcessor } from './partition-processor.ts';
import type { PartitionState } from './partition-states.ts';
import type { SharedParts } from './shared-parts.ts';

/**
 * Gathers the messages of one input partition, of all its topics, and decides when a batch begins.
 *
 * Everything that may make one begin calls {@link #advance}: messages that came, the age of the
 * oldest one, memory that is short, the end of a bounded run, the end of the batch before, the end
 * of a hold.
 */
export class BatchLoop implements MemoryHolder {
  readonly #options: BatchLoopOptions;
  readonly #batcher: Batcher;
  #ageTimer: Timer | undefined;
  #running: Promise<void> | undefined;
  /** What the batch that is due waits for; undefined once it is in process. */
  #waiting: 'commit' | 'queued' | undefined;
  /** When the batch in process, or the one that is due, was found to be due. */
  #dueSince = 0;

  constructor(options: BatchLoopOptions) {
    this.#options = options;
    const { batchSize, batchBytes, batchWaitMs, clock } = options.run.config;
    this.#batcher = new Batcher({ batchSize, batchBytes, batchWaitMs, now: () => clock.now() });
    options.shared.budget.join(this);
  }

  /** Messages that wait, without those of the batch in process. */
  get buffered(): number {
    return this.#batcher.count;
  }

  /** Bytes that waiting messages keep in memory. */
  get bufferedBytes(): number {
    return this.#batcher.heldBytes;
  }

  /** Whether a batch is in process, is being flushed, or waits for its turn. */
  get busy(): boolean {
    return this.#running !== undefined || this.#options.processor.isBusy;
  }

  /** What it is at. */
  get step(): PartitionStep {
    const { state, processor } = this.#options;
    if (state.name === 'failed') return 'failed';
    if (this.busy) return this.#waiting ?? processor.step;
    if (state.isEnding) return 'ended';
    return state.name === 'held' ? 'held' : 'idle';
  }

  /** For how long a batch has been due or in process; 0 if there is none. */
  get busyMs(): number {
    return this.busy ? this.#options.run.config.clock.now() - this.#dueSince : 0;
  }

  /** Whether nothing waits, nothing is in process, and it is not held. */
  get idle(): boolean {
    return !this.busy && this.#batcher.count === 0 && this.#options.state.name !== 'held';
  }

  /** Takes over what was fetched. */
  add(chunk: Chunk): void {
    const { state, shared } = this.#options;
    if (state.isEnding) return;
    shared.turns.turned();
    if (chunk.messages.length > 0) shared.budget.charge(chunk.bytes);
    this.#addToBatcher(chunk);
    this.#advance();
  }

  /** No more messages will come: what waits is due now. */
  end(): void {
    this.#batcher.end();
    this.#advance();
  }

  /** Memory is short: what waits is due now. */
  relieve(): void {
    this.#batcher.wantMemory();
    this.#advance();
  }

  /**
   * A topic continues from another offset, since the one that was to be read is not in its log.
   * Forwards, that takes effect when all that was read before is done. Backwards, what waits is
   * dropped, and the offset is committed as soon as no batch is in process.
   */
  reset(position: TopicPosition, direction: 'forwards' | 'backwards'): void {
    const { state, positions, shared } = this.#options;
    if (state.isEnding) return;
    if (direction === 'forwards') {
      this.#addToBatcher({ ...position, messages: [], bytes: 0 });
      return;
    }
    shared.budget.refund(this.#batcher.drop(position.topic));
    positions.wentBack(position);
  }

  /** Reading begins: batches may begin as well. */
  start(): void {
    this.#options.state.to('running');
  }

  /**
   * Begins no batch until {@link letGo}; resolves when the one in process is done or has failed.
   */
  async hold(): Promise<void> {
    this.#options.state.to('held');
    await this.#options.processor.ended();
  }

  /** Ends the hold, unless the partition has failed or is being revoked meanwhile. */
  letGo(): void {
    const { state } = this.#options;
    if (state.name !== 'held') return;
    state.to('running');
    this.#advance();
  }

  /**
   * While it is held: a topic continues from another offset, and nothing that was read of it before
   * counts. The offset is committed.
   */
  restart(position: TopicPosition): void {
    this.#batcher.reopen();
    this.reset(position, 'backwards');
  }

  /**
   * Begins no more batches, drops what waits, and resolves when the batch in process is done or has
   * failed.
   */
  async stop(): Promise<void> {
    const { state, shared, processor } = this.#options;
    if (!state.isEnding) state.to('revoking');
    this.#ageTimer?.cancel();
    shared.budget.leave(this);
    shared.budget.refund(this.#batcher.drop());
    await this.#running;
    await processor.ended();
    if (state.name === 'revoking') state.to('gone');
  }

  #addToBatcher(chunk: Parameters<Batcher['add']>[0]): void {
    if (this.#batcher.add(chunk)) return;
    const { positions } = this.#options;
    positions.moved(chunk);
    positions.offerIdle();
  }

  /** Starts the loop if a batch is due, or the timer for when one will be. */
  #advance(): void {
    const { run, state, owner } = this.#options;
    if (!state.isRunning || this.#running !== undefined) return;
    this.#ageTimer?.cancel();
    this.#ageTimer = undefined;
    if (this.#batcher.due() !== undefined) {
      this.#running = this.#runDueBatches().finally(() => {
        this.#running = undefined;
        owner.progressed();
        this.#advance();
      });
      return;
    }
    const dueAt = this.#batcher.dueAt();
    if (dueAt === undefined) return;
    const { clock } = run.config;
    this.#ageTimer = clock.after(Math.max(0, dueAt - clock.now()), () => {
      this.#advance();
    });
  }

  async #runDueBatches(): Promise<void> {
    const { state, shared, processor } = this.#options;
    try {
      for (let trigger = this.#due(); trigger !== undefined; trigger = this.#due()) {
        await this.#turn();
        // Closed, held, or what waited was dropped.
        if (!state.isRunning || this.#batcher.count === 0) {
          shared.slots.release();
          continue;
        }
        const batch = this.#batcher.take(this.#batcher.due() ?? trigger);
        this.#waiting = undefined;
        await processor.run(batch);
      }
    } catch (error) {
      processor.failed(error);
    }
  }

  #due(): BatchTrigger | undefined {
    return this.#options.state.isRunning ? this.#batcher.due() : undefined;
  }

  /** Waits until there is room for a batch, then for its turn to be in process. */
  async #turn(): Promise<void> {
    const { run, state, shared, processor, delivery } = this.#options;
    const { config } = run;
    this.#dueSince = config.clock.now();
    const records = () => processor.finishingRecords + Math.min(this.#batcher.count, config.batchSize);
    // What is being flushed was not offered for a commit yet, so the commits know nothing of it.
    const isTooMuch = () => processor.finishingRecords > 0 && records() > config.maxUncommittedRecords;
    // The wait for a slot may be long: more may come meanwhile than there is room for, and another
    // process take the partition over. No more awaits than needed: as soon as a batch is in process,
    // its partition is left out of the next fetch.
    for (;;) {
      this.#waiting = 'commit';
      if (isTooMuch()) await processor.finished();
      if (!delivery.hasRoom(records())) await delivery.room(records());
      this.#waiting = 'queued';
      await shared.slots.acquire();
      for (let turn = shared.turns.due(); turn !== undefined; turn = shared.turns.due()) await turn;
      const hasRoom = !isTooMuch() && delivery.hasRoom(records());
      const unsure = state.isEnding ? undefined : shared.guard.check();
      if (hasRoom && unsure === undefined) return;
      shared.slots.release();
      if (unsure === undefined) continue;
      await unsure;
      // Others have waited for the same reading of the claims, to commit or to renew them: what they
      // send now must not wait for the end of this batch.
      await shared.turns.next();
    }
  }
}

/** What a loop works with. */
export interface BatchLoopOptions {
  readonly run: RunContext;
  /** Carries the partition. */
  readonly logger: Logger;
  readonly state: PartitionState;
  readonly processor: PartitionProcessor;
  readonly positions: PartitionPositions;
  readonly delivery: PartitionDelivery;
  readonly shared: SharedParts;
  readonly owner: BatchOwner;
}
