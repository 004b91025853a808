import { someOf } from '../kernel/some-of.ts';
import { SharedParts } from '../batch/shared-parts.ts';
import type { Assignment } from '../assignment/assignment.ts';
import type { RunContext } from '../config/run-context.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { PartitionSource } from '../kafka/source.ts';
import { AssignmentError, type TimeoutError } from '../kernel/errors.ts';
import { keyOf, type TopicPartition } from '../kernel/topic-partition.ts';
import type { MessageProcessor } from '../message-processor.ts';
import { BoundedEnd } from './bounded-end.ts';
import type { TakeEnds } from './end-offset-watch.ts';
import { InputPartition, inputPartitionId, type InputPartitionParts } from './input-partition.ts';
import type { PartitionProgress } from './partition-progress.ts';
import { ReplacedLog } from './replaced-log.ts';
import { Seeks } from './seeks.ts';
import type { PlannedPartition } from './start-plan.ts';

/** A record batch may inflate to this many times the whole buffer before it is refused. */
const INFLATED_FACTOR = 4;

/**
 * Everything between the fetches and the commits of one run: its input partitions, and what they
 * share.
 */
export class InputFlow {
  readonly #parts: InputPartitionParts;
  readonly #source: PartitionSource;
  readonly #shared: SharedParts;
  readonly #seeks: Seeks;
  readonly #partitions = new Map<string, InputPartition>();

  constructor(run: RunContext, { delivery, assignment, plan, processors }: InputFlowOptions) {
    const { config, client, reports } = run;
    const shared = new SharedParts(config, assignment.guard);
    const source = client.source({
      isolation: config.isolation,
      fetchMaxWaitMs: config.fetchMaxWaitMs,
      retryTimeoutMs: config.retryTimeoutMs,
      maxInflatedBytes: INFLATED_FACTOR * config.maxBufferBytes,
      budget: shared.budget,
    });
    this.#shared = shared;
    this.#source = source;
    this.#seeks = new Seeks(run, source);
    const isBounded = plan.some(({ end }) => end !== undefined);
    this.#parts = {
      run,
      shared,
      delivery,
      source,
      replacedLog: new ReplacedLog(run, source),
      end: new BoundedEnd(isBounded, reports),
      topicIds: assignment,
    };
    for (const planned of byInputPartition(plan)) {
      const messageProcessor = processors.get(planned[0].partition) as MessageProcessor;
      const partition = new InputPartition(this.#parts, planned, messageProcessor);
      this.#partitions.set(partition.id, partition);
    }
  }

  /** The partitions of this run. */
  get partitions(): readonly InputPartition[] {
    return [...this.#partitions.values()];
  }

  /** How far each topic-partition was read. */
  get progress(): readonly PartitionProgress[] {
    return this.partitions.flatMap(({ progress }) => progress);
  }

  /** Messages that wait. */
  get buffered(): number {
    return this.partitions.reduce((sum, { loop }) => sum + loop.buffered, 0);
  }

  /** Bytes of fetched records in memory. */
  get bufferedBytes(): number {
    return this.#shared.budget.charged;
  }

  /** Messages of the batches in process. */
  get inHand(): number {
    return this.partitions.reduce((sum, { processor }) => sum + processor.records, 0);
  }

  /** Whether a batch was given up while the user's function was still running. */
  get hangs(): boolean {
    return this.partitions.some(({ processor }) => processor.hangs);
  }

  /** Begins to read. */
  start(): void {
    const { end } = this.#parts;
    // All of them before the first: one that is at its end already is not the end of the run.
    for (const partition of this.partitions) end.awaits(partition);
    for (const partition of this.partitions) if (!partition.state.isEnding) partition.start();
  }

  /**
   * Begins no more batches; those in process continue. Synchronous, so that no queued batch slips
   * in after a failure.
   */
  halt(): void {
    for (const partition of this.partitions) void partition.stop();
  }

  /**
   * Stops reading, and resolves when all batches in process are done or have failed, also if the
   * source cannot be closed.
   */
  async stop(): Promise<void> {
    const stopped = this.partitions.map((partition) => partition.stop());
    const [source] = await Promise.allSettled([this.#source.close(), ...stopped]);
    if (source.status === 'rejected') throw source.reason as Error;
  }

  /** Gives up the batches in process. */
  abandon(tooLate: TimeoutError): void {
    for (const partition of this.partitions) partition.abandon(tooLate);
  }

  /**
   * Continues with one topic-partition at another offset, which is in its log. See
   * {@link Seeks.seek}.
   */
  async seek(at: TopicPartition, offset: number): Promise<void> {
    const partition = this.#partitions.get(inputPartitionId(at));
    const topic = partition?.topic(at.topic);
    if (partition === undefined || topic === undefined)
      throw new AssignmentError(`${keyOf(at)} is not read here`);
    await this.#seeks.seek(partition, topic.progress, offset);
  }

  /** Takes note of the id that a topic has now. */
  noteTopicId(name: string, topicId: string): void {
    for (const partition of this.partitions) {
      const topic = partition.topic(name);
      if (topic?.progress.isOtherTopic(topicId) === true) this.#parts.replacedLog.recreated(topic, topicId);
    }
  }

  /**
   * The ends of the logs are asked for; takes the answer, unless fetches have shown newer ends by
   * then.
   */
  expectEnds(): TakeEnds {
    const toldBefore = new Map(this.progress.map((progress) => [progress, progress.endsTold]));
    return (ends) => {
      for (const { topic, partition, visibleEnd, highWatermark } of ends) {
        const reader = this.#partitions.get(inputPartitionId({ partition }))?.topic(topic);
        if (reader === undefined) continue;
        const { progress } = reader;
        const endBefore = progress.visibleEnd;
        progress.noteEnds(visibleEnd, highWatermark, toldBefore.get(progress) ?? 0);
        reader.noteWork(endBefore);
      }
    };
  }

  /** What is in process, in words for an error. */
  inProcessNow(): string {
    const busy = this.partitions.filter(({ processor }) => processor.records > 0);
    if (busy.length === 0) return 'the last commit';
    const batches = busy.map(
      ({ partition, processor }) => `the batch of ${processor.records} messages of partition ${partition}`,
    );
    return someOf(batches).join(', ');
  }
}

/** What a flow works with. */
export interface InputFlowOptions {
  readonly delivery: Delivery;
  readonly assignment: Pick<Assignment, 'guard' | 'noteTopicIds'>;
  readonly plan: readonly PlannedPartition[];
  /** By partition number. */
  readonly processors: ReadonlyMap<number, MessageProcessor>;
}

/** The topic-partitions of each input partition. */
function byInputPartition(
  plan: readonly PlannedPartition[],
): Iterable<readonly [PlannedPartition, ...PlannedPartition[]]> {
  const groups = new Map<string, [PlannedPartition, ...PlannedPartition[]]>();
  for (const planned of plan) {
    const id = inputPartitionId(planned);
    const group = groups.get(id);
    if (group === undefined) groups.set(id, [planned]);
    else group.push(planned);
  }
  return groups.values();
}
