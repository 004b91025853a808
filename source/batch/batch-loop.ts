import { endedByClose } from '../kernel/closed-while-waiting.ts';
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
import type { PartitionProcessor } from './partition-processor.ts';
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
  #inHand = 0;
  /** The batch in process; resolves when it is done or has failed. */
  #batchEnd: Promise<unknown> | undefined;
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

  /** Messages of the batch in process; 0 if there is none. */
  get inHand(): number {
    return this.#inHand;
  }

  /** Whether a batch is in process or waits for its turn. */
  get busy(): boolean {
    return this.#running !== undefined;
  }

  /** What it is at. */
  get step(): PartitionStep {
    const { state, processor } = this.#options;
    if (state.name === 'failed') return 'failed';
    if (this.#running !== undefined) return this.#waiting ?? processor.step;
    if (state.isEnding) return 'ended';
    return state.name === 'held' ? 'held' : 'idle';
  }

  /** For how long a batch has been due or in process; 0 if there is none. */
  get busyMs(): number {
    return this.#running === undefined ? 0 : this.#options.run.config.clock.now() - this.#dueSince;
  }

  /** Whether nothing waits, nothing is in process, and it is not held. */
  get idle(): boolean {
    return this.#running === undefined && this.#batcher.count === 0 && this.#options.state.name !== 'held';
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

  /** Resolves when the batch in process is done or has failed. */
  async batchEnded(): Promise<void> {
    await this.#batchEnd;
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
    await this.batchEnded();
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
    const { state, shared } = this.#options;
    if (!state.isEnding) state.to('revoking');
    this.#ageTimer?.cancel();
    shared.budget.leave(this);
    shared.budget.refund(this.#batcher.drop());
    await this.#running;
    if (state.name === 'revoking') state.to('gone');
  }

  #addToBatcher(chunk: Parameters<Batcher['add']>[0]): void {
    if (this.#batcher.add(chunk)) return;
    const { positions } = this.#options;
    positions.moved(chunk);
    if (this.#running === undefined) positions.offerIdle();
  }

  /** Starts the loop if a batch is due, or the timer for when one will be. */
  #advance(): void {
    const { run, state, positions, owner } = this.#options;
    if (!state.isRunning || this.#running !== undefined) return;
    this.#ageTimer?.cancel();
    this.#ageTimer = undefined;
    if (this.#batcher.due() !== undefined) {
      this.#running = this.#runDueBatches().finally(() => {
        this.#running = undefined;
        this.#inHand = 0;
        // What moved while a commit was awaited; after a failure it may lie behind the failed
        // batch.
        if (state.name !== 'failed') positions.offerIdle();
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
    try {
      for (let trigger = this.#due(); trigger !== undefined; trigger = this.#due())
        await this.#runNext(trigger);
    } catch (error) {
      const { run, state, processor, logger } = this.#options;
      state.to('failed');
      if (endedByClose(error))
        logger.info('A batch that waited when the processor closed is given up; it is reprocessed');
      else run.reports.failed(error);
      // Only now, when every partition was told to stop: those who queue for the slot then give up,
      // and no batch begins after a failure, or beside a function that hangs.
      processor.leave();
    }
  }

  #due(): BatchTrigger | undefined {
    return this.#options.state.isRunning ? this.#batcher.due() : undefined;
  }

  /** Waits until a batch may begin, takes it, and runs it. */
  async #runNext(trigger: BatchTrigger): Promise<void> {
    const { run, state, shared, processor, positions, delivery, owner } = this.#options;
    this.#dueSince = run.config.clock.now();
    const records = () => Math.min(this.#batcher.count, run.config.batchSize);
    // The wait for a slot may be long: more may come meanwhile than there is room for, and another
    // process take the partition over. No more awaits than needed: as soon as a batch is in process,
    // its partition is left out of the next fetch.
    for (;;) {
      this.#waiting = 'commit';
      await delivery.room(records());
      this.#waiting = 'queued';
      await shared.slots.acquire();
      for (let turn = shared.turns.due(); turn !== undefined; turn = shared.turns.due()) await turn;
      const hasRoom = delivery.hasRoom(records());
      const unsure = state.isEnding ? undefined : shared.guard.check();
      if (hasRoom && unsure === undefined) break;
      shared.slots.release();
      if (unsure === undefined) continue;
      await unsure;
      // Others have waited for the same reading of the claims, to commit or to renew them: what they
      // send now must not wait for the end of this batch.
      await shared.turns.next();
    }
    // Closed, held, or what waited was dropped.
    if (!state.isRunning || this.#batcher.count === 0) {
      shared.slots.release();
      return;
    }
    const batch = this.#batcher.take(this.#batcher.due() ?? trigger);
    positions.batchBegins();
    this.#inHand = batch.messages.length;
    owner.progressed();
    try {
      this.#waiting = undefined;
      const running = processor.runBatch(batch);
      // Who waits for the end of a batch asks only when; how it ended is thrown here.
      this.#batchEnd = running.catch(() => undefined);
      await running;
    } finally {
      positions.batchEnded();
      this.#batchEnd = undefined;
      shared.budget.refund(batch.freedBytes);
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
  readonly owner: BatchLoopOwner;
}

/** Who feeds a loop. */
export interface BatchLoopOwner {
  /** There may be room for more messages: a batch began or ended. */
  progressed(): void;
}
