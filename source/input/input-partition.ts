import { newPartitionContext } from '../batch/batch-context.ts';
import { BatchLoop } from '../batch/batch-loop.ts';
import { PartitionPositions } from '../batch/partition-positions.ts';
import { PartitionProcessor } from '../batch/partition-processor.ts';
import { PartitionState } from '../batch/partition-states.ts';
import type { SharedParts } from '../batch/shared-parts.ts';
import type { Assignment } from '../assignment/assignment.ts';
import type { RunContext } from '../config/run-context.ts';
import type { Delivery, PartitionDelivery } from '../delivery/delivery.ts';
import type { Chunk, OutOfRange, PartitionReader, PartitionSource } from '../kafka/source.ts';
import { LifecycleError, type KasperError, type TimeoutError } from '../kernel/errors.ts';
import type { TopicPartition } from '../kernel/topic-partition.ts';
import type { MessageProcessor } from '../message-processor.ts';
import type { PartitionStep } from '../stats.ts';
import type { BoundedEnd } from './bounded-end.ts';
import { PartitionProgress } from './partition-progress.ts';
import type { Continuation, FollowedLog, ReplacedLog } from './replaced-log.ts';
import type { PlannedPartition } from './start-plan.ts';

/** A partition with small batches reads ahead at least this many messages. */
const MIN_READ_AHEAD = 1000;

/**
 * What is processed together, one batch after another: one partition number of all input topics,
 * which are joined by partition.
 *
 * It takes what is read of its topics, decides which of them are read, and gives everything to its
 * loop of batches.
 */
export class InputPartition {
  /** Names it within a run. */
  readonly id: string;
  readonly partition: number;
  readonly state = new PartitionState();
  readonly delivery: PartitionDelivery;
  readonly loop: BatchLoop;
  readonly processor: PartitionProcessor;
  readonly #parts: InputPartitionParts;
  readonly #positions: PartitionPositions;
  readonly #topics: readonly TopicReader[];
  readonly #maxBuffered: number;
  readonly #maxIdleBytes: number;
  readonly #maxBusyBytes: number;

  constructor(
    parts: InputPartitionParts,
    planned: readonly PlannedPartition[],
    messageProcessor: MessageProcessor,
  ) {
    this.#parts = parts;
    const { run, shared } = parts;
    const { config } = run;
    this.partition = partitionOf(planned);
    this.id = inputPartitionId(this);
    this.delivery = parts.delivery.of(this.partition);
    this.#topics = planned.map(
      (each) => new TopicReader(this, parts, new PartitionProgress(each, config.clock.now())),
    );
    this.#maxBuffered = Math.max(2 * config.batchSize, MIN_READ_AHEAD);
    // One that is busy may hold a fair share ahead; one that gathers its next batch may take what
    // is there.
    this.#maxIdleBytes = Math.max(config.batchBytes, config.maxBufferBytes / 2);
    this.#maxBusyBytes = config.maxBufferBytes / (2 * config.inputPartitions.length);
    const { state, delivery, partition } = this;
    const logger = run.logger.child({ partition });
    const positions = new PartitionPositions(partition, delivery);
    this.#positions = positions;
    const line = { run, logger, state, delivery, positions, shared, owner: this };
    this.processor = new PartitionProcessor({
      ...line,
      context: newPartitionContext(partition, line),
      messageProcessor,
    });
    this.loop = new BatchLoop({ ...line, processor: this.processor });
  }

  /** How far each of its topics was read. */
  get progress(): readonly PartitionProgress[] {
    return this.#topics.map(({ progress }) => progress);
  }

  /** What it is at, for `stats()`. */
  get step(): PartitionStep {
    const { step } = this.loop;
    return step === 'idle' && this.#hasReadAll && this.loop.idle ? 'ended' : step;
  }

  /** How one of its topics is read; undefined if the topic is not read here. */
  topic(name: string): TopicReader | undefined {
    return this.#topics.find(({ progress }) => progress.topic === name);
  }

  /** Begins to read. */
  start(): void {
    this.loop.start();
    const { source } = this.#parts;
    for (const reader of this.#topics) source.add(reader.progress.startPosition, reader);
    this.#steer();
    this.#noteEnd();
  }

  /** Takes what was read of one of its topics. */
  take(chunk: Chunk): void {
    this.loop.add(chunk);
    this.#steer();
    this.#noteEnd();
  }

  /** A batch began or ended, or a hold did. */
  progressed(): void {
    this.#steer();
    const { budget } = this.#parts.shared;
    // A fetch that was refused does not ask again by itself: if the batch that ended did not free
    // enough, the next one must.
    if (budget.isShort && !this.loop.busy) budget.relieve();
    this.#noteEnd();
  }

  /** One of its topics continues from another offset; `direction` says from where to where. */
  continueAt({ topic }: PartitionProgress, nextOffset: number, direction: 'forwards' | 'backwards'): void {
    this.loop.reset({ topic, nextOffset, leaderEpoch: -1 }, direction);
    this.#steer();
    this.#noteEnd();
  }

  /**
   * Begins no batch until {@link letGo}, and is not read; resolves when the batch in process is
   * done or has failed.
   */
  async hold(): Promise<void> {
    const batchEnded = this.loop.hold();
    this.#steer();
    // While it is held a bounded run does not end.
    this.#noteEnd();
    await batchEnded;
  }

  /**
   * Resolves when the batches that have begun by now have ended.
   *
   * @returns whether the position to which a topic went back was handed on to be committed: not if
   *   one of them has failed
   */
  async handedOn(topic: string): Promise<boolean> {
    await this.processor.ended();
    return !this.#positions.isHeldBack(topic);
  }

  letGo(): void {
    this.loop.letGo();
    this.progressed();
  }

  /** Begins no more batches, and resolves when the one in process is done or has failed. */
  stop(): Promise<void> {
    return this.loop.stop();
  }

  /** Gives up the batch in process. */
  abandon(tooLate: TimeoutError): void {
    this.processor.abandon(tooLate);
  }

  /** Whether a bounded run has read all it wants of its topics. */
  get #hasReadAll(): boolean {
    return this.#topics.every(({ progress }) => progress.ended);
  }

  /** Pauses or resumes its topics by what its loop holds. */
  #steer(): void {
    const { loop } = this;
    const maxBytes = this.processor.records > 0 ? this.#maxBusyBytes : this.#maxIdleBytes;
    const isFull = () => loop.buffered >= this.#maxBuffered || loop.bufferedBytes >= maxBytes;
    // It may hold much more memory than its messages count for: nothing more would come, and
    // nothing be due.
    if (isFull() && !loop.busy) loop.relieve();
    const isStill = isFull() || this.state.name === 'held';
    const { source } = this.#parts;
    for (const { progress } of this.#topics) {
      const paused = isStill || progress.ended;
      if (paused === progress.paused) continue;
      progress.paused = paused;
      if (paused) source.pause(progress);
      else source.resume(progress);
    }
  }

  /**
   * In a bounded run: when its topics are at their ends, what is left is processed, and then it is
   * done.
   */
  #noteEnd(): void {
    const { end } = this.#parts;
    if (!end.isBounded) return;
    const hasReadAll = this.#hasReadAll;
    if (hasReadAll && this.loop.buffered > 0) this.loop.end();
    if (hasReadAll && this.loop.idle) end.reached(this);
    else end.awaits(this);
  }
}

/** What all input partitions of a run are made with. */
export interface InputPartitionParts {
  readonly run: RunContext;
  readonly shared: SharedParts;
  readonly delivery: Delivery;
  readonly source: PartitionSource;
  readonly replacedLog: ReplacedLog;
  readonly end: BoundedEnd;
  readonly topicIds: Pick<Assignment, 'noteTopicIds'>;
}

/** The {@link InputPartition.id} of the partition that a topic-partition belongs to. */
export function inputPartitionId({ partition }: Pick<TopicPartition, 'partition'>): string {
  return String(partition);
}

function partitionOf(planned: readonly PlannedPartition[]): number {
  const [first] = planned;
  if (first === undefined) throw new LifecycleError('An input partition has at least one topic');
  return first.partition;
}

/** Takes what the source reads of one topic-partition. */
class TopicReader implements PartitionReader, FollowedLog {
  readonly progress: PartitionProgress;
  readonly #partition: InputPartition;
  readonly #parts: InputPartitionParts;

  constructor(partition: InputPartition, parts: InputPartitionParts, progress: PartitionProgress) {
    this.#partition = partition;
    this.#parts = parts;
    this.progress = progress;
  }

  take(chunk: Chunk): void {
    const { progress } = this;
    if (chunk.epoch !== progress.epoch) return;
    const { run, replacedLog } = this.#parts;
    if (progress.isOtherTopic(chunk.topicId)) {
      replacedLog.recreated(this, chunk.topicId);
      return;
    }
    if (progress.isLost) return;
    if (progress.fallsShort(chunk.logStartOffset, chunk.highWatermark) !== undefined)
      void replacedLog.checkShort(this);
    const { position: before, visibleEnd: endBefore } = progress;
    const taken = progress.take(chunk, run.config.isolation);
    this.noteWork(endBefore);
    // An answer to a fetch that found nothing: it shows the watermarks only.
    if (taken.messages.length === 0 && taken.nextOffset === before) return;
    this.#partition.take(taken);
  }

  outOfRange(at: OutOfRange): number {
    return this.#parts.replacedLog.outOfRange(this, at);
  }

  failed(error: KasperError): void {
    this.#parts.run.reports.failed(error);
  }

  /** The end may have risen: from now on there is something to do, if there was nothing before. */
  noteWork(endBefore: number): void {
    const { progress } = this;
    if (progress.visibleEnd <= endBefore) return;
    const committed = this.#parts.delivery.committed(progress);
    if ((committed ?? progress.start) >= endBefore) progress.workSince = this.#parts.run.config.clock.now();
  }

  continueAt(offset: number, { direction, isNewTopic }: Continuation): void {
    this.#partition.continueAt(this.progress, offset, direction);
    if (isNewTopic) void this.#noteNewTopic();
  }

  /**
   * When the offset that counts in a recreated topic is committed, the next owner may know the
   * topic by its id.
   */
  async #noteNewTopic(): Promise<void> {
    const { delivery, topicIds } = this.#parts;
    const { topic, partition, topicId } = this.progress;
    if (!(await this.#partition.handedOn(topic))) return;
    try {
      await this.#partition.delivery.stored(topic);
    } catch {
      // The committer has reported why.
      return;
    }
    if (!delivery.isClosed) topicIds.noteTopicIds([{ topic, partition, topicId }]);
  }
}
