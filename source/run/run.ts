import type { BatchReport } from '../batch-report.ts';
import { stillOwned, unguarded } from '../assignment/ownership-guard.ts';
import type { Claims } from '../assignment/static/claims.ts';
import type { Config } from '../config/config.ts';
import { InputFlow } from '../input/input-flow.ts';
import { EndOffsetWatch } from '../input/end-offset-watch.ts';
import type { CommitResult, GroupOffsets, KafkaClient } from '../kafka/client.ts';
import type { TimeoutError } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { makeClaims } from '../assignment/static/static-assignment.ts';
import type { MessageProcessor } from '../message-processor.ts';
import { OffsetCommitter } from '../delivery/offset-committer.ts';
import { attempt } from './run-failure.ts';
import { logStart } from './run-log.ts';
import { logPlan, planStart, type PlannedPartition } from '../input/start-plan.ts';
import { TopicWatch } from '../assignment/topic-watch.ts';
import type { UserProcessors } from './user-processors.ts';
import { checkTopics } from '../assignment/static/assigned-partitions.ts';
import { warnOfMembers } from '../assignment/static/warn-of-members.ts';

export interface RunSurroundings {
  readonly config: Config;
  readonly client: KafkaClient;
  readonly offsets: GroupOffsets;
  readonly processors: ReadonlyMap<number, MessageProcessor>;
  readonly users: UserProcessors;
  readonly logger: Logger;
  /** Aborted when the processor closes. */
  readonly closing: AbortSignal;
  readonly stop: () => void;
  readonly onBatch: (report: BatchReport) => void;
  /** Told how many records are sent again and may be stored twice. */
  readonly onRepeated: (records: number) => void;
  /** Told of positions that a request did not commit, also where they are tried again. */
  readonly onRefused: (failed: readonly CommitResult[]) => void;
  /** A bounded run has processed all it wanted. */
  readonly onEnd: () => void;
  readonly onFailed: (error: unknown) => void;
}

/**
 * What one run is made of, in the order in which it comes to be: the claims, the plan of where to begin, the committer, the flow from fetches to commits, the
 * watch over the topics. Each is undefined before.
 */
export class Run {
  readonly #around: RunSurroundings;
  #claims: Claims | undefined;
  #plan: readonly PlannedPartition[] = [];
  #committer: OffsetCommitter | undefined;
  #flow: InputFlow | undefined;
  #watch: TopicWatch | undefined;
  #endWatch: EndOffsetWatch | undefined;
  #phase = 'it opens its monitor';

  constructor(around: RunSurroundings) {
    this.#around = around;
  }

  get plan(): readonly PlannedPartition[] {
    return this.#plan;
  }

  get committer(): OffsetCommitter | undefined {
    return this.#committer;
  }

  get flow(): InputFlow | undefined {
    return this.#flow;
  }

  get endWatch(): EndOffsetWatch | undefined {
    return this.#endWatch;
  }

  /** What a start is at, in words. */
  get phase(): string {
    return this.#phase;
  }

  /** From the first connection to the last thing before the first fetch. Gives up quietly when the processor is closed meanwhile. */
  async prepare(bounded: boolean): Promise<void> {
    const { config, client, offsets, users, logger, closing, onRefused, onFailed } = this.#around;
    logStart(config, bounded, logger);
    if (this.#isEnding()) return;
    this.#phase = 'it connects to Kafka';
    await client.connect();
    if (this.#isEnding()) return;
    const topics = await client.describeTopics(config.inputTopics);
    checkTopics(config, topics);
    if (this.#isEnding()) return;
    const claims = makeClaims(config, { client, logger, topics, closing, onFailed });
    this.#claims = claims;
    const guard = claims ?? unguarded;
    // Before the offsets are read, so that two that start at once do not both decide where to begin.
    this.#phase = 'it claims its partitions, and waits while another process has them';
    await claims?.take();
    this.#phase = 'it finds out where to begin';
    const committedIn = (topic: string, partition: number) => claims?.topicId(topic, partition);
    const plan = await planStart(config, client, offsets, bounded, { topics, committedIn }, logger);
    await warnOfMembers(config, client, logger);
    if (this.#isEnding()) return;
    this.#plan = plan;
    logPlan(config, plan, logger);

    const { clock, commitTimeoutMs, offsetRefreshMs, commitMetadata } = config;
    const times = { clock, commitTimeoutMs, offsetRefreshMs };
    const committer = new OffsetCommitter({
      offsets,
      guard,
      logger,
      ...times,
      commitMetadata,
      onRefused,
      onFailed,
    });
    this.#committer = committer;
    const isKept = ({ hadCommit, wasReset }: PlannedPartition) => hadCommit && !wasReset;
    for (const planned of plan.filter(isKept)) committer.adopt(planned);
    // Committed before the first fetch, so that a restart never decides it again.
    committer.rewind(...plan.filter((planned) => !isKept(planned)));
    await committer.settled();
    if (!committer.isClosed) claims?.noteTopicIds(plan);
    this.#phase = 'init() is awaited';
    for (const processor of users.all) {
      // They may write where only the owner may.
      if ((processor.init ?? processor.onAssigned) !== undefined) await stillOwned(guard);
      if (this.#isEnding()) return;
      await this.#init(processor);
    }
    if (this.#isEnding()) return;
    committer.startRefresh();
    const { processors, stop, onBatch, onRepeated, onEnd } = this.#around;
    const flow = new InputFlow({
      config,
      plan,
      client,
      committer,
      guard,
      processors,
      logger,
      closing,
      stop,
      onBatch,
      onRepeated,
      onTopicIdCommitted: (committed) => claims?.noteTopicIds([committed]),
      onEnd,
      onFailed,
    });
    this.#flow = flow;
    const onTopicId = (topic: string, topicId: string) => {
      flow.noteTopicId(topic, topicId);
    };
    this.#watch = new TopicWatch({ config, client, logger, topics, onTopicId, onFailed });
    this.#watch.start();
    const onAsk = () => flow.expectEnds();
    this.#endWatch = new EndOffsetWatch({ config, client, logger, partitions: plan, onAsk });
    this.#endWatch.start();
  }

  /** Begins no more batches; those in hand go on. */
  halt(): void {
    this.#flow?.halt();
  }

  /** What is in hand, in words for an error. */
  inHandNow(): string {
    return this.#flow?.inHandNow() ?? 'the start';
  }

  /** Whether a batch was given up while the user's function still ran: it may still write. */
  get hangs(): boolean {
    return this.#flow?.hangs === true;
  }

  /** Gives up the batches in hand. */
  abandon(tooLate: TimeoutError): void {
    this.#flow?.abandon(tooLate);
  }

  /**
   * Finishes what is in hand and commits it, as far as the run has come. Whatever fails, all steps are done.
   *
   * @param starting the start, if it is under way
   * @param onCommitFailed a CommitError is the run's failure already, not one of closing
   */
  async finish(
    starting: Promise<void> | undefined,
    onFailure: (error: unknown) => void,
    onCommitFailed: (error: unknown) => void,
  ): Promise<void> {
    const { config, client } = this.#around;
    const flow = this.#flow;
    this.#stopWatches();
    if (flow === undefined) {
      // Closed while it started: connecting is cut short, nothing was processed.
      this.#committer?.close();
      await this.#claims?.close(config.closeTimeoutMs);
      await attempt('The Kafka client could not be closed', () => client.close(), onFailure);
      await starting;
      return;
    }
    await attempt('Reading could not be ended', () => flow.stop(), onFailure);
    await attempt('', () => this.#committer?.settled(), onCommitFailed);
    await attempt('Sending could not be ended', () => flow.release(), onFailure);
  }

  /**
   * Commits nothing more and lets the partitions go.
   *
   * @param withinMs how long the release of the claims may take; 0 leaves them, since work may still be under way
   */
  async release(withinMs: number): Promise<void> {
    this.#stopWatches();
    this.#committer?.close();
    // Last of all, so that the next owner begins when this one has ended.
    await this.#claims?.close(withinMs);
  }

  #stopWatches(): void {
    this.#watch?.stop();
    this.#endWatch?.stop();
  }

  #isEnding(): boolean {
    return this.#around.closing.aborted;
  }

  async #init(processor: MessageProcessor): Promise<void> {
    const { users, onFailed } = this.#around;
    try {
      await users.init(processor);
    } catch (error) {
      // While it closes, what a start throws is taken for a consequence of that.
      if (this.#isEnding()) onFailed(error);
      throw error;
    }
  }
}
