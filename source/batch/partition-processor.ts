import type { Timer } from '../kernel/clock.ts';
import { KasperError, ProcessError, type OffsetRange, type TimeoutError } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import type { MultiStore } from '../../stores/multi-store.ts';
import type { Store } from '../../stores/store.ts';
import type { Batch, Batcher, TopicPosition } from './batcher.ts';
import { BatchProgress } from './batch-steps.ts';
import type { BatchReport } from '../batch-report.ts';
import { BatchRun, type BatchRunOptions } from './batch-attempts.ts';
import { callGuarded } from '../kernel/call-guarded.ts';
import { stillOwned } from '../assignment/ownership-guard.ts';
import { endedByClose } from '../kernel/closed-while-waiting.ts';
import { textOf } from '../kernel/thrown-text.ts';
import type { Chunk } from '../kafka/client.ts';
import type { MemoryBudget } from './memory-budget.ts';
import type { BatchTrigger, MessageProcessor, ProcessFunction } from '../message-processor.ts';
import type { DoneWork, OffsetCommitter } from '../delivery/offset-committer.ts';
import type { PartitionStep } from '../stats.ts';

export interface PartitionProcessorOptions extends BatchRunOptions {
  readonly messageProcessor: MessageProcessor;
  readonly batcher: Batcher;
  readonly committer: OffsetCommitter;
  readonly budget: MemoryBudget;
  readonly flushedStores: readonly (readonly [name: string, store: Pick<Store | MultiStore, 'flush'>])[];
  readonly commit: 'pipelined' | 'each';
  readonly maxUncommittedRecords: number;
  readonly batchSize: number;
  /** Called whenever there may be room for more messages, or a batch is done. */
  readonly onProgress: () => void;
  readonly onBatch: (report: BatchReport) => void;
  /** Called once, when this partition cannot go on. */
  readonly onFailed: (error: KasperError) => void;
}

/**
 * Takes one partition's messages, of all input topics, through the straight line, one batch strictly after another.
 */
export class PartitionProcessor {
  readonly partition: number;
  readonly #options: PartitionProcessorOptions;
  readonly #process: ProcessFunction;
  readonly #log: Logger;
  /** Positions of topics of which nothing waits or is in hand: they moved past markers or gaps only. */
  readonly #idlePositions = new Map<string, TopicPosition>();
  /** Topics that went back while a batch was in hand: its positions no longer count, these do. */
  readonly #rewinds = new Map<string, TopicPosition>();
  #ageTimer: Timer | undefined;
  #running: Promise<void> | undefined;
  #inHand = 0;
  #hasBatch = false;
  #failed = false;
  #run: BatchRun | undefined;
  /** The batch in hand; resolves with its end, whatever that is. */
  #batchEnd: Promise<unknown> | undefined;
  #stopped = false;
  #held = false;
  /** What the batch in hand, or the one that is due, is at. */
  #step: PartitionStep = 'idle';
  /** When that batch was found to be due. */
  #dueSince = 0;

  constructor(options: PartitionProcessorOptions) {
    this.#options = options;
    this.partition = options.partition;
    this.#log = options.logger;
    const { messageProcessor } = options;
    this.#process = messageProcessor.process.bind(messageProcessor);
  }

  /** Messages that wait, not counting the batch in hand. */
  get buffered(): number {
    return this.#options.batcher.count;
  }

  /** Memory that waiting messages hold. */
  get bufferedBytes(): number {
    return this.#options.batcher.heldBytes;
  }

  /** Messages of the batch in hand; 0 if none is. */
  get inHand(): number {
    return this.#inHand;
  }

  /** Whether a batch is in hand or waits for its turn. */
  get busy(): boolean {
    return this.#running !== undefined;
  }

  /** What it is at. */
  get step(): PartitionStep {
    if (this.#failed) return 'failed';
    if (this.#running !== undefined) return this.#step;
    if (this.#stopped) return 'ended';
    return this.#held ? 'held' : 'idle';
  }

  /** For how long a batch is due or in hand; 0 if none is. */
  get busyMs(): number {
    return this.#running === undefined ? 0 : this.#options.clock.now() - this.#dueSince;
  }

  /** Whether a batch was given up while the user's function still ran. */
  get hangs(): boolean {
    return this.#run?.hangs === true;
  }

  /** Whether nothing waits, nothing is in hand, and it is not held. */
  get idle(): boolean {
    return this.#running === undefined && this.#options.batcher.count === 0 && !this.#held;
  }

  /** Whether it begins no batch for now. */
  get held(): boolean {
    return this.#held;
  }

  /** Takes over what was fetched. */
  add(chunk: Chunk): void {
    if (this.#stopped) return;
    const { batcher, budget } = this.#options;
    if (chunk.messages.length > 0) budget.charge(chunk.bytes);
    if (!batcher.add(chunk)) {
      this.#idlePositions.set(chunk.topic, chunk);
      if (this.#running === undefined) this.#offerIdlePositions();
    }
    this.#advance();
  }

  /** No more messages will come: what waits is due now. */
  end(): void {
    this.#options.batcher.end();
    this.#advance();
  }

  /** Memory is short: what waits is due now. */
  relieve(): void {
    this.#options.batcher.wantMemory();
    this.#advance();
  }

  /**
   * The topic goes on from another offset, since the one that was to be read is not in its log. Forwards, that takes effect when all that was read before
   * is done. Backwards, what waits is dropped, and the offset is committed as soon as no batch is in hand.
   */
  reset(position: TopicPosition, backwards: boolean): void {
    if (this.#stopped) return;
    const { batcher, budget, committer } = this.#options;
    if (!backwards) {
      if (!batcher.add({ ...position, messages: [], bytes: 0 })) {
        this.#idlePositions.set(position.topic, position);
        if (this.#running === undefined) this.#offerIdlePositions();
      }
      return;
    }
    budget.refund(batcher.drop(position.topic));
    this.#idlePositions.delete(position.topic);
    if (this.#hasBatch) this.#rewinds.set(position.topic, position);
    else committer.rewind(this.#toCommit(position));
  }

  /** Gives up a function that is still in `process`: nothing of its batch is flushed or committed. */
  abandon(tooLate: TimeoutError): void {
    this.#run?.abandon(tooLate);
  }

  /** Resolves when the batch in hand is done or has failed. */
  async batchEnded(): Promise<void> {
    await this.#batchEnd;
  }

  /** Begins no batch until {@link letGo}; resolves when the one in hand is done or has failed. */
  async hold(): Promise<void> {
    this.#held = true;
    await this.batchEnded();
  }

  letGo(): void {
    this.#held = false;
    this.#advance();
  }

  /** While it is held: the topic goes on from another offset, and nothing that was read of it before counts. The offset is committed. */
  restart(position: TopicPosition): void {
    this.#options.batcher.reopen();
    this.reset(position, true);
  }

  /** Begins no more batches, drops what waits, and resolves when the batch in hand is done or has failed. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#ageTimer?.cancel();
    this.#options.budget.refund(this.#options.batcher.drop());
    await this.#running;
  }

  /** Starts the loop if a batch is due, or the timer for when one will be. */
  #advance(): void {
    if (this.#stopped || this.#held || this.#running !== undefined) return;
    this.#ageTimer?.cancel();
    this.#ageTimer = undefined;
    const { batcher, clock } = this.#options;
    if (batcher.due() !== undefined) {
      this.#running = this.#runDueBatches().finally(() => {
        this.#running = undefined;
        this.#inHand = 0;
        // What moved while a commit was awaited; after a failure it may lie behind the failed batch.
        if (!this.#failed) this.#offerIdlePositions();
        this.#options.onProgress();
        this.#advance();
      });
      return;
    }
    const dueAt = batcher.dueAt();
    if (dueAt === undefined) return;
    this.#ageTimer = clock.after(Math.max(0, dueAt - clock.now()), () => {
      this.#advance();
    });
  }

  async #runDueBatches(): Promise<void> {
    try {
      for (let trigger = this.#due(); trigger !== undefined; trigger = this.#due())
        await this.#runNext(trigger);
    } catch (error) {
      this.#stopped = true;
      this.#failed = true;
      if (endedByClose(error)) {
        this.#log.info('A batch that waited when the processor closed is given up; it comes again', {
          partition: this.partition,
        });
      } else this.#options.onFailed(error as KasperError);
      // Not before all were told to stop: those who queue for the slot then go away, and no batch begins after a failure, or beside a function that hangs.
      this.#run?.leave();
    }
  }

  #due(): BatchTrigger | undefined {
    return this.#stopped || this.#held ? undefined : this.#options.batcher.due();
  }

  /** Waits until a batch may begin, takes it, and runs it. */
  async #runNext(trigger: BatchTrigger): Promise<void> {
    const { batcher, budget, committer, guard, maxUncommittedRecords, slots, onProgress } = this.#options;
    this.#dueSince = this.#options.clock.now();
    // The wait for a slot may be long: more may come meanwhile than there is room for, and another process take the partition over.
    for (;;) {
      this.#step = 'commit';
      await committer.room(this.partition, this.#nextRecords(), maxUncommittedRecords);
      this.#step = 'queued';
      await slots.acquire();
      const hasRoom = committer.hasRoom(this.partition, this.#nextRecords(), maxUncommittedRecords);
      const unsure = this.#stopped ? undefined : guard.check();
      if (hasRoom && unsure === undefined) break;
      slots.release();
      await unsure;
    }
    // Closed, held, or what waited was dropped.
    if (this.#stopped || this.#held || batcher.count === 0) {
      slots.release();
      return;
    }
    const batch = batcher.take(batcher.due() ?? trigger);
    this.#hasBatch = true;
    this.#inHand = batch.messages.length;
    onProgress();
    try {
      const running = this.runBatch(batch);
      this.#batchEnd = running.catch(() => undefined);
      await running;
      // It would keep the batch's messages in memory. After a failure it is needed to give the slot back.
      this.#run = undefined;
    } finally {
      this.#hasBatch = false;
      this.#batchEnd = undefined;
      budget.refund(batch.freedBytes);
    }
  }

  #nextRecords(): number {
    return Math.min(this.#options.batcher.count, this.#options.batchSize);
  }

  /**
   * The straight line: the only way to a commit. Nothing is committed before all that it depends on is durable, and a failure at any step ends this
   * partition before the commit.
   */
  async runBatch(batch: Batch): Promise<void> {
    const { committer, guard, clock, flushedStores, commit } = this.#options;
    const run = new BatchRun(batch, this.#options);
    const progress = new BatchProgress(this.partition, batch, this.#options.onBatch, clock);
    this.#run = run;
    let doing = 'process';
    this.#step = 'process';
    try {
      // 1. The user's code, in the slot that #runNext acquired. What follows overlaps with the next partition's process.
      await run.process(this.#process);
      run.leave();
      progress.reached('processed', run.sent);

      // 2. Outputs are durable: every record acked by all in-sync replicas.
      doing = 'flush of the sender';
      this.#step = 'produce';
      await run.flush();
      progress.reached('flushed', run.sent);

      // 3. Stores that asked for it are durable. Where another owner may have come meanwhile, what waits in them is not to overwrite what it wrote.
      this.#step = 'store';
      for (const [name, store] of flushedStores) {
        doing = `check of the claims before the flush of store '${name}'`;
        await stillOwned(guard);
        doing = `flush of store '${name}'`;
        await store.flush();
      }
      progress.reached('stored', run.sent);
    } catch (error) {
      // The limit was passed: nothing was thrown by the user's code that could be the cause.
      if (run.signal.aborted && error === run.signal.reason) throw error;
      throw toProcessError(error, doing, this.partition, batch.ranges);
    }

    // 4. Only now the offsets, pipelined: the next batch may run while the request is under way. The committer asks the guard before each request.
    const positions = batch.positions.filter(({ topic }) => !this.#rewinds.has(topic));
    committer.offer(this.#doneWork(positions, progress, run.sent, run.committedCallbacks));
    this.#hasBatch = false;
    for (const position of this.#rewinds.values()) committer.rewind(this.#toCommit(position));
    this.#rewinds.clear();
    this.#offerIdlePositions();
    this.#step = 'commit';
    if (commit === 'each') await committer.acked(this.partition);
  }

  /** What waits for the commit. Made apart from runBatch, so that it does not keep the batch's messages in memory until the ack. */
  #doneWork(
    positions: readonly TopicPosition[],
    progress: BatchProgress,
    sent: number,
    callbacks: readonly (() => void)[],
  ): DoneWork {
    return {
      partition: this.partition,
      positions: positions.map((position) => this.#toCommit(position)),
      records: progress.records,
      onCommitted: () => {
        // 5. What depends on the commit.
        progress.reached('committed', sent);
        for (const callback of callbacks) this.#callBack(callback);
      },
    };
  }

  /** Positions that moved without messages: no batch is in hand, so nothing before them is unfinished. */
  #offerIdlePositions(): void {
    if (this.#idlePositions.size === 0) return;
    const positions = [...this.#idlePositions.values()].map((position) => this.#toCommit(position));
    this.#idlePositions.clear();
    this.#options.committer.offer({ partition: this.partition, positions, records: 0 });
  }

  #toCommit({ topic, nextOffset, leaderEpoch }: TopicPosition) {
    return { topic, partition: this.partition, offset: nextOffset, leaderEpoch };
  }

  #callBack(callback: () => unknown): void {
    callGuarded(callback, (error) => {
      this.#log.error('A callback of context.onCommitted failed', { partition: this.partition, error });
    });
  }
}

/** The error of a batch; what was thrown stands in `cause`, and is not wrapped twice. */
function toProcessError(
  error: unknown,
  doing: string,
  partition: number,
  ranges: readonly OffsetRange[],
): KasperError {
  if (endedByClose(error)) return error as KasperError;
  if (KasperError.is(error) && (error.code === 'PROCESS' || error.code === 'FENCED')) return error;
  const where = ranges
    .map(({ topic, first, last }) => `${topic}/${partition} offsets ${first} to ${last}`)
    .join(', ');
  return new ProcessError(
    `The ${doing} failed for ${where}; nothing of this batch was committed, so it comes again at the next start. ${textOf(error)}`,
    { cause: error, partition, ranges },
  );
}
