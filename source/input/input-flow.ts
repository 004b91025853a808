import { Batcher } from '../batch/batcher.ts';
import type { BatchReport } from '../batch-report.ts';
import type { ClaimGuard } from '../assignment/ownership-guard.ts';
import type { Config } from '../config/config.ts';
import type { TakeEnds } from './end-offset-watch.ts';
import type {
  Chunk,
  KafkaClient,
  OutOfRange,
  PartitionReader,
  PartitionSource,
  RecordSink,
} from '../kafka/client.ts';
import { AssignmentError, type KasperError, type TimeoutError } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { KeylessSpread } from '../kafka/partitioner.ts';
import { MemoryBudget } from '../batch/memory-budget.ts';
import type { MessageProcessor } from '../message-processor.ts';
import type { OffsetCommitter } from '../delivery/offset-committer.ts';
import { OtherLog } from './replaced-log.ts';
import { PartitionProcessor } from '../batch/partition-processor.ts';
import { PartitionProgress } from './partition-progress.ts';
import { ProcessSlots } from '../batch/process-slots.ts';
import { Seeks } from './seeks.ts';
import type { PlannedPartition } from './start-plan.ts';
import type { TopicPartition } from '../kernel/topic-partition.ts';

export interface InputFlowOptions {
  readonly config: Config;
  readonly plan: readonly PlannedPartition[];
  readonly client: KafkaClient;
  readonly committer: OffsetCommitter;
  readonly guard: ClaimGuard;
  readonly processors: ReadonlyMap<number, MessageProcessor>;
  readonly logger: Logger;
  readonly closing: AbortSignal;
  readonly stop: () => void;
  readonly onBatch: (report: BatchReport) => void;
  /** Told how many records are sent again and may be stored twice. */
  readonly onRepeated: (records: number) => void;
  /** The committed offset is now in the topic of this id, which was made anew. */
  readonly onTopicIdCommitted: (committed: TopicPartition & { readonly topicId: string | undefined }) => void;
  /** A bounded run has processed all it wanted. */
  readonly onEnd: () => void;
  readonly onFailed: (error: KasperError) => void;
}

/** A record batch may inflate to this many times the whole buffer before it is refused. */
const INFLATED_FACTOR = 4;
/** A partition with small batches reads ahead at least so many messages. */
const MIN_READ_AHEAD = 1000;

/**
 * Everything between the fetches and the commits of one run: hands chunks to the partitions' processors, holds back partitions whose buffer is full,
 * and notices the end of a bounded run.
 */
export class InputFlow {
  readonly #options: InputFlowOptions;
  readonly #budget: MemoryBudget;
  readonly #sink: RecordSink;
  readonly #source: PartitionSource;
  readonly #partitions = new Map<number, PartitionProcessor>();
  readonly #progress = new Map<string, PartitionProgress>();
  readonly #ofPartition = new Map<number, PartitionProgress[]>();
  readonly #slots: ProcessSlots;
  readonly #otherLog: OtherLog;
  readonly #seeks: Seeks;
  readonly #isBounded: boolean;
  readonly #keyless = new KeylessSpread();
  readonly #maxBuffered: number;
  readonly #maxIdleBytes: number;
  readonly #maxBusyBytes: number;

  constructor(options: InputFlowOptions) {
    this.#options = options;
    const { config, client, plan } = options;
    this.#isBounded = plan.some(({ end }) => end !== undefined);
    this.#slots = new ProcessSlots(config.concurrency);
    this.#maxBuffered = Math.max(2 * config.batchSize, MIN_READ_AHEAD);
    // A partition that is busy may hold a fair share ahead; one that gathers its next batch may take what is there.
    this.#maxIdleBytes = Math.max(config.batchBytes, config.maxBufferBytes / 2);
    this.#maxBusyBytes = config.maxBufferBytes / (2 * config.inputPartitions.length);
    this.#budget = new MemoryBudget(config.maxBufferBytes, () => {
      this.#relieveMemory();
    });
    this.#sink = client.sink({
      idempotent: config.idempotent,
      compression: config.compression,
      retryTimeoutMs: config.retryTimeoutMs,
      onRepeated: options.onRepeated,
    });
    this.#source = client.source({
      isolation: config.isolation,
      fetchMaxWaitMs: config.fetchMaxWaitMs,
      retryTimeoutMs: config.retryTimeoutMs,
      maxInflatedBytes: INFLATED_FACTOR * config.maxBufferBytes,
      budget: this.#budget,
    });
    const { committer, logger, closing, onFailed } = options;
    const source = this.#source;
    this.#otherLog = new OtherLog({
      config,
      client,
      source,
      logger,
      closing,
      onReset: (progress, offset, backwards, isNewTopic) => {
        this.#reset(progress, offset, backwards, isNewTopic);
      },
      onFailed,
    });
    this.#seeks = new Seeks({
      source,
      committer,
      logger,
      closing,
      onHeld: (partition) => {
        this.#steer(partition);
      },
      onDone: (partition) => {
        this.#progressed(partition);
      },
    });
    for (const planned of plan) this.#addProgress(new PartitionProgress(planned, config.clock.now()));
    for (const partition of config.inputPartitions)
      this.#partitions.set(partition, this.#newProcessor(partition));
  }

  get progress(): PartitionProgress[] {
    return [...this.#progress.values()];
  }

  get buffered(): number {
    return this.#sum((processor) => processor.buffered);
  }

  get bufferedBytes(): number {
    return this.#budget.charged;
  }

  get inHand(): number {
    return this.#sum((processor) => processor.inHand);
  }

  /** The processors of partitions, and whether a bounded run has all it wants of them. */
  get processors(): { readonly processor: PartitionProcessor; readonly hasEnded: boolean }[] {
    return [...this.#partitions.values()].map((processor) => ({
      processor,
      hasEnded:
        processor.idle && this.#ofPartition.get(processor.partition)?.every(({ ended }) => ended) === true,
    }));
  }

  /** Whether a batch was given up while the user's function still ran. */
  get hangs(): boolean {
    return [...this.#partitions.values()].some(({ hangs }) => hangs);
  }

  /** Begins to fetch. */
  start(): void {
    const reader: PartitionReader = {
      take: (chunk) => {
        this.#take(chunk);
      },
      outOfRange: (at) => this.#outOfRange(at),
      failed: (error) => {
        this.#options.onFailed(error);
      },
    };
    for (const planned of this.#options.plan) this.#source.add(planned, reader);
    for (const partition of this.#ofPartition.keys()) this.#steer(partition);
    this.#checkEnd();
  }

  /** Begins no more batches; those in hand go on. Synchronous, so that no queued batch slips in after a failure. */
  halt(): void {
    for (const processor of this.#partitions.values()) void processor.stop();
  }

  /** Stops fetching and resolves when all batches in hand are done or have failed, also if the source cannot be closed. */
  async stop(): Promise<void> {
    const stopped = [...this.#partitions.values()].map((processor) => processor.stop());
    const [source] = await Promise.allSettled([this.#source.close(), ...stopped]);
    if (source.status === 'rejected') throw source.reason as Error;
  }

  /** Gives up the batches in hand. */
  abandon(tooLate: TimeoutError): void {
    for (const processor of this.#partitions.values()) processor.abandon(tooLate);
  }

  async release(): Promise<void> {
    await this.#sink.close();
  }

  /** Goes on with one topic-partition from another offset, which is in its log. See {@link Seeks.seek}. */
  async seek({ topic, partition }: TopicPartition, offset: number): Promise<void> {
    const progress = this.#progress.get(`${topic}/${partition}`);
    const processor = this.#partitions.get(partition);
    if (progress === undefined || processor === undefined)
      throw new AssignmentError(`${topic}/${partition} is not read here`);
    await this.#seeks.seek(progress, processor, offset);
  }

  /** Takes note of the id that a topic has now. */
  noteTopicId(topic: string, topicId: string): void {
    for (const progress of this.#progress.values())
      if (progress.topic === topic && progress.isOtherTopic(topicId))
        this.#otherLog.recreated(progress, topicId);
  }

  /** The ends of the logs are asked for; takes the answer, unless fetches have told newer ends by then. */
  expectEnds(): TakeEnds {
    const toldBefore = new Map(this.progress.map((progress) => [progress, progress.endsTold]));
    return (ends) => {
      for (const { topic, partition, visibleEnd, highWatermark } of ends) {
        const progress = this.#progress.get(`${topic}/${partition}`);
        if (progress === undefined) continue;
        const endBefore = progress.visibleEnd;
        progress.noteEnds(visibleEnd, highWatermark, toldBefore.get(progress) ?? 0);
        if (progress.visibleEnd > endBefore) this.#noteWork(progress, endBefore);
      }
    };
  }

  /** What is in hand, in words for an error. */
  inHandNow(): string {
    const busy = [...this.#partitions.values()].filter(({ inHand }) => inHand > 0);
    if (busy.length === 0) return 'the last commit';
    return busy
      .map(({ partition, inHand }) => `the batch of ${inHand} messages of partition ${partition}`)
      .join(', ');
  }

  #addProgress(progress: PartitionProgress): void {
    this.#progress.set(`${progress.topic}/${progress.partition}`, progress);
    const all = this.#ofPartition.get(progress.partition);
    if (all === undefined) this.#ofPartition.set(progress.partition, [progress]);
    else all.push(progress);
  }

  #newProcessor(partition: number): PartitionProcessor {
    const { config, committer, guard, processors, closing, stop, onBatch, onFailed } = this.#options;
    const { batchSize, batchBytes, batchWaitMs, clock, partitioner, maxRecordBytes, maxSendBufferBytes } =
      config;
    return new PartitionProcessor({
      partition,
      messageProcessor: processors.get(partition) as MessageProcessor,
      batcher: new Batcher({ batchSize, batchBytes, batchWaitMs, now: () => clock.now() }),
      committer,
      guard,
      budget: this.#budget,
      slots: this.#slots,
      flushedStores: config.flushedStores.flatMap((name) => {
        const store = config.stores[name];
        return store === undefined ? [] : [[name, store] as const];
      }),
      commit: config.commit,
      maxUncommittedRecords: config.maxUncommittedRecords,
      batchSize,
      stores: config.stores,
      logger: this.#options.logger.child({ partition }),
      clock,
      middleware: config.middleware,
      sender: {
        sink: this.#sink,
        partitioner,
        keyless: this.#keyless,
        maxRecordBytes,
        maxSendBufferBytes,
        wallNow: () => clock.wallNow(),
      },
      processTimeoutMs: config.processTimeoutMs,
      closeTimeoutMs: config.closeTimeoutMs,
      closing,
      stop,
      onBatch,
      onFailed,
      onProgress: () => {
        this.#progressed(partition);
      },
    });
  }

  #take(chunk: Chunk): void {
    const progress = this.#progress.get(`${chunk.topic}/${chunk.partition}`);
    const processor = this.#partitions.get(chunk.partition);
    if (progress === undefined || processor === undefined || chunk.epoch !== progress.epoch) return;
    if (progress.isOtherTopic(chunk.topicId)) {
      this.#otherLog.recreated(progress, chunk.topicId);
      return;
    }
    if (progress.isLost) return;
    if (progress.fallsShort(chunk.logStartOffset, chunk.highWatermark) !== undefined)
      void this.#otherLog.checkShort(progress);
    const { position: before, visibleEnd: endBefore } = progress;
    const taken = progress.take(chunk, this.#options.config.isolation);
    if (progress.visibleEnd > endBefore) this.#noteWork(progress, endBefore);
    // An answer to a fetch that found nothing: it told the watermarks only.
    if (taken.messages.length === 0 && taken.nextOffset === before) return;
    processor.add(taken);
    this.#steer(chunk.partition);
    this.#checkEnd();
  }

  /** The end rose: from now on there is something to do, if there was nothing before. */
  #noteWork(progress: PartitionProgress, endBefore: number): void {
    const { committer, config } = this.#options;
    const committed = committer.committed(progress.topic, progress.partition);
    if ((committed ?? progress.start) >= endBefore) progress.workSince = config.clock.now();
  }

  /** A batch began or ended. */
  #progressed(partition: number): void {
    this.#steer(partition);
    // A fetch that was refused does not ask again by itself: if the batch that ended did not make enough room, the next one must.
    if (this.#budget.isShort && this.#partitions.get(partition)?.busy === false) this.#relieveMemory();
    this.#checkEnd();
  }

  /** Pauses or resumes the topics of a partition by what its processor holds. */
  #steer(partition: number): void {
    const processor = this.#partitions.get(partition);
    if (processor === undefined) return;
    const maxBytes = processor.inHand > 0 ? this.#maxBusyBytes : this.#maxIdleBytes;
    const isFull = () => processor.buffered >= this.#maxBuffered || processor.bufferedBytes >= maxBytes;
    // It may hold much more memory than its messages count for: nothing more would come, and nothing be due.
    if (isFull() && !processor.busy) processor.relieve();
    const full = isFull();
    for (const progress of this.#ofPartition.get(partition) ?? []) {
      const paused = full || progress.ended || processor.held;
      if (paused === progress.paused) continue;
      progress.paused = paused;
      if (paused) this.#source.pause(progress);
      else this.#source.resume(progress);
    }
  }

  /** In a bounded run: partitions at their end process what is left; when all are done, so is the run. */
  #checkEnd(): void {
    if (!this.#isBounded) return;
    let allDone = true;
    for (const [partition, progress] of this.#ofPartition) {
      const processor = this.#partitions.get(partition);
      if (processor === undefined || !progress.every(({ ended }) => ended)) {
        allDone = false;
        continue;
      }
      if (processor.buffered > 0) processor.end();
      if (!processor.idle) allDone = false;
    }
    if (allDone) this.#options.onEnd();
  }

  /** A fetch found no room: the partition that holds most and is not at work yields a batch at once. */
  #relieveMemory(): void {
    let largest: PartitionProcessor | undefined;
    for (const processor of this.#partitions.values()) {
      if (processor.busy || processor.buffered === 0) continue;
      if (largest === undefined || processor.bufferedBytes > largest.bufferedBytes) largest = processor;
    }
    largest?.relieve();
  }

  #outOfRange(told: OutOfRange): number {
    const progress = this.#progress.get(`${told.topic}/${told.partition}`);
    if (progress === undefined) throw new AssignmentError(`${told.topic}/${told.partition} is not read here`);
    return this.#otherLog.outOfRange(progress, told);
  }

  #reset(progress: PartitionProgress, offset: number, backwards: boolean, isNewTopic: boolean): void {
    const { topic, partition } = progress;
    const processor = this.#partitions.get(partition);
    processor?.reset({ topic, nextOffset: offset, leaderEpoch: -1 }, backwards);
    if (isNewTopic && processor !== undefined) void this.#tellTopicId(progress, processor);
    this.#steer(partition);
    this.#checkEnd();
  }

  /** When the offset that counts in a topic made anew is committed, whoever comes next may know the topic by its id. */
  async #tellTopicId({ topic, partition, topicId }: PartitionProgress, processor: PartitionProcessor) {
    const { committer, onTopicIdCommitted } = this.#options;
    await processor.batchEnded();
    try {
      await committer.stored(topic, partition);
    } catch {
      // The committer has told the run why.
      return;
    }
    if (!committer.isClosed) onTopicIdCommitted({ topic, partition, topicId });
  }

  #sum(of: (processor: PartitionProcessor) => number): number {
    let sum = 0;
    for (const processor of this.#partitions.values()) sum += of(processor);
    return sum;
  }
}
