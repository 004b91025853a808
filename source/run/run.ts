import type { PartitionsOwner } from '../assignment/assignment.ts';
import { stillOwned } from '../assignment/ownership-guard.ts';
import { checkTopics } from '../assignment/static/assigned-partitions.ts';
import { StaticAssignment } from '../assignment/static/static-assignment.ts';
import { TopicWatch } from '../assignment/topic-watch.ts';
import type { RunContext } from '../config/run-context.ts';
import { AtLeastOnce } from '../delivery/at-least-once.ts';
import { ExactlyOnce } from '../delivery/exactly-once.ts';
import { EndOffsetWatch } from '../input/end-offset-watch.ts';
import { HeldBackWatch } from '../input/held-back-watch.ts';
import { InputFlow } from '../input/input-flow.ts';
import { logPlan, planStart } from '../input/start-plan.ts';
import type { TopicDescription } from '../kafka/client.ts';
import type { KasperError, TimeoutError } from '../kernel/errors.ts';
import type { TopicPartition } from '../kernel/topic-partition.ts';
import type { MessageProcessor } from '../message-processor.ts';
import { ReleaseStack } from './release-stack.ts';
import { logStart } from './run-log.ts';
import { logStoreWarnings } from './store-warnings.ts';
import { middlewareWarnings } from '../middleware/middleware-info.ts';
import { openTopics } from './middleware-topics.ts';
import type { RunOutcome } from './run-outcome.ts';
import type { RunParts } from './run-parts.ts';
import { StoreFences } from './store-fences.ts';
import type { UserProcessors } from './user-processors.ts';

/**
 * One run: connects, takes its partitions, finds out where to begin, reads, and at the end finishes
 * and releases everything.
 *
 * Its assignment tells it which partitions it has. For a static one that is all of them at the
 * start, and none at the end.
 */
export class Run implements PartitionsOwner {
  readonly #context: RunContext;
  readonly #options: RunOptions;
  /** What this run has opened. */
  readonly #opened: ReleaseStack;
  #isBounded = false;
  #topics: ReadonlyMap<string, TopicDescription> = new Map();
  #topicWatch: TopicWatch | undefined;

  constructor(context: RunContext, options: RunOptions) {
    this.#context = context;
    this.#options = options;
    this.#opened = new ReleaseStack(options.outcome);
    // It may have connected before the run, for hasConsumedAllMessages().
    void this.#opened.opened('The Kafka client could not be closed', () => context.client.close());
  }

  /**
   * From the first connection to the last thing before the first fetch. Gives up quietly when the
   * processor is closed meanwhile.
   */
  async prepare(isBounded: boolean): Promise<void> {
    const { config, client, logger } = this.#context;
    const { parts } = this.#options;
    this.#isBounded = isBounded;
    logStart(config, isBounded, logger);
    for (const warning of middlewareWarnings(config.middleware, config)) logger.warn(warning);
    void logStoreWarnings(this.#context);
    parts.phase = 'it connects to Kafka';
    await client.connect();
    if (this.#isEnding()) return;
    this.#topics = await client.describeTopics(config.inputTopics);
    checkTopics(config, this.#topics);
    if (this.#isEnding()) return;
    await openTopics(this.#context, this.#topics);
    if (this.#isEnding()) return;
    const assignment = new StaticAssignment(this.#context, this.#topics);
    parts.assignment = assignment;
    // Released after everything else but the client, so that the next owner begins when this one
    // has ended.
    await this.#opened.opened('The claims could not be released', (withinMs) => assignment.close(withinMs));
    // Before the offsets are read, so that two that start at the same time do not both decide where
    // to begin.
    parts.phase = 'it claims its partitions';
    await assignment.open(this);
  }

  /** Finds out where to begin, and gets everything ready to read. */
  async gained(partitions: readonly TopicPartition[]): Promise<void> {
    const { parts, users, processors } = this.#options;
    const { config, client, logger, reports } = this.#context;
    const { assignment } = parts;
    if (assignment === undefined) return;
    const fences = new StoreFences(this.#context, { assignment, processors: users.all });
    await this.#opened.opened('The stores could not be let go', () => {
      fences.release();
    });
    parts.phase = 'it finds out where to begin';
    const delivery =
      config.delivery === 'exactly-once'
        ? new ExactlyOnce(this.#context, assignment)
        : new AtLeastOnce(this.#context, assignment);
    parts.delivery = delivery;
    await this.#opened.opened('The commits could not be ended', () => {
      delivery.close();
    });
    const question = { partitions, isBounded: this.#isBounded, topics: this.#topics, topicIds: assignment };
    const plan = await planStart(this.#context, delivery, question);
    if (this.#isEnding()) return;
    parts.plan = plan;
    logPlan(config, plan, logger);
    await delivery.start(plan);
    if (!delivery.isClosed) assignment.noteTopicIds(plan);

    parts.phase = 'init() is awaited';
    for (const processor of users.all) {
      // They may write where only the owner may.
      if ((processor.init ?? processor.onAssigned) !== undefined) await stillOwned(assignment.guard);
      if (this.#isEnding()) return;
      await this.#init(processor, partitions);
    }
    if (this.#isEnding()) return;
    const flow = new InputFlow(this.#context, { delivery, assignment, plan, processors });
    parts.flow = flow;
    const topics = this.#topics;
    this.#topicWatch = new TopicWatch({ config, client, logger, topics, followed: flow, reports });
    this.#topicWatch.start();
    const heldBack = new HeldBackWatch({ config, client, logger });
    parts.heldBack = heldBack;
    parts.endWatch = new EndOffsetWatch({ config, client, logger, partitions, logs: flow, heldBack });
    parts.endWatch.start();
  }

  /** Finishes the batches in process and commits them. All steps are done, even if one fails. */
  async revoked(partitions: readonly TopicPartition[]): Promise<void> {
    const { parts, users, outcome } = this.#options;
    const { flow, delivery } = parts;
    await this.#opened.attempt('Reading could not be ended', () => flow?.stop());
    try {
      await delivery?.settled();
    } catch (error) {
      // The run's failure already, not one of closing.
      outcome.keep(error);
    }
    await this.#opened.attempt('Sending could not be ended', () => delivery?.closeSink());
    await users.revoked(partitions, this.#opened);
  }

  /** Claims are of all partitions or of none, so the run has failed. */
  lost(_partitions: readonly TopicPartition[], error: KasperError): void {
    this.#context.reports.failed(error);
  }

  /** Begins no more batches; those in process continue. */
  halt(): void {
    this.#options.parts.flow?.halt();
  }

  /** What is in process, in words for an error. */
  inProcessNow(): string {
    return this.#options.parts.flow?.inProcessNow() ?? 'the start';
  }

  /**
   * Whether a batch was given up while the user's function was still running: it may still write.
   */
  get hangs(): boolean {
    return this.#options.parts.flow?.hangs === true;
  }

  /** Gives up the batches in process. */
  abandon(tooLate: TimeoutError): void {
    this.#options.parts.flow?.abandon(tooLate);
  }

  /**
   * Finishes what is in process and commits it, as far as the run has come, then lets the user's
   * processors go.
   *
   * @param starting the start, if it is in progress
   */
  async finish(starting: Promise<void> | undefined): Promise<void> {
    const { parts, users } = this.#options;
    this.#topicWatch?.stop();
    parts.endWatch?.stop();
    if (parts.flow === undefined) {
      // Closed while it started: connecting is cut short, nothing was processed.
      await this.#opened.release(this.#context.config.closeTimeoutMs);
      await starting;
    }
    await this.revoked(parts.plan);
    await users.close(this.#opened);
  }

  /**
   * Commits nothing more and lets the partitions go.
   *
   * @param withinMs for how long the release of the claims may take; 0 leaves them, since work may
   *   still be in process
   */
  async release(withinMs: number): Promise<void> {
    await this.#opened.release(withinMs);
  }

  #isEnding(): boolean {
    return this.#context.closing.aborted;
  }

  async #init(processor: MessageProcessor, partitions: readonly TopicPartition[]): Promise<void> {
    try {
      await this.#options.users.init(processor, partitions);
    } catch (error) {
      // While it closes, what a start throws is taken for a consequence of that.
      if (this.#isEnding()) this.#context.reports.failed(error);
      throw error;
    }
  }
}

/** What a run works with. */
export interface RunOptions {
  readonly parts: RunParts;
  readonly outcome: RunOutcome;
  /** By partition number. */
  readonly processors: ReadonlyMap<number, MessageProcessor>;
  readonly users: UserProcessors;
}
