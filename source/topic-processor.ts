import { makeConfig, type Config, type TopicProcessorOptions } from './config.ts';
import { InputFlow } from './input-flow.ts';
import { openClient } from './kafka/open-client.ts';
import type { GroupOffsets, KafkaClient } from './kafka/client.ts';
import { LifecycleError, TimeoutError, type CommitError } from './kernel/errors.ts';
import { deepFreeze } from './kernel/deep-freeze.ts';
import type { Logger } from './kernel/logger.ts';
import type { Timer } from './kernel/clock.ts';
import { Listeners } from './listeners.ts';
import { Lifecycle, type ProcessorState } from './lifecycle.ts';
import type { TopicPartition } from './message.ts';
import type { MessageProcessor, StoreMap } from './message-processor.ts';
import { processorFor, type MessageProcessors } from './message-processors.ts';
import { OffsetCommitter } from './offset-committer.ts';
import { ProcessorMetrics } from './processor-metrics.ts';
import type { ProcessorEvents } from './processor-events.ts';
import type { ProcessorStats, RunSummary } from './run-summary.ts';
import { attempt, RunFailure } from './run-failure.ts';
import { RunTotals } from './run-totals.ts';
import { assignedPartitions, checkTopics, logPlan, planStart, type PlannedPartition } from './start-plan.ts';

/** What a run may be given. */
export interface RunOptions {
  /** When it is aborted, the processor closes as `close()` does. */
  readonly signal?: AbortSignal;
}

/**
 * Reads partitions of Kafka topics in batches, gives each batch to a MessageProcessor, flushes what it sent, and commits the offsets.
 *
 * Offsets are committed under the group `kasper-topic-processor-{topicProcessorName}` as a simple consumer: no group membership, so no rebalance.
 * One TopicProcessor runs once.
 *
 * @example
 * const processor = new TopicProcessor(
 *   { topicProcessorName: 'counts', client: { brokers: ['localhost:9092'] }, inputTopics: ['words'], inputPartitions: [0, 1] },
 *   { process: (messages, sender) => { for (const m of messages) sender.send({ topic: 'out', key: m.key, value: m.value }); } },
 * );
 * await processor.runToEnd();
 */
export class TopicProcessor<Stores extends StoreMap = StoreMap> implements AsyncDisposable {
  readonly #config: Config;
  readonly #log: Logger;
  readonly #client: KafkaClient;
  readonly #offsets: GroupOffsets;
  readonly #lifecycle: Lifecycle;
  readonly #listeners: Listeners<ProcessorEvents>;
  readonly #processors: ReadonlyMap<number, MessageProcessor>;
  readonly #closing = new AbortController();
  readonly #totals = new RunTotals();
  readonly #failure = new RunFailure();
  #plan: readonly PlannedPartition[] = [];
  #flow: InputFlow | undefined;
  #committer: OffsetCommitter | undefined;
  #starting: Promise<void> | undefined;
  #closed: Promise<void> | undefined;
  #endOfRun: (() => void) | undefined;
  /** Those whose partitions were given to them. */
  readonly #assigned = new Set<MessageProcessor>();

  /**
   * @param options see {@link TopicProcessorOptions}
   * @param messageProcessor one for all partitions, or a function that gives the one of a partition ({@link fromMap} for a map)
   * @throws ConfigError that lists everything wrong with the options
   */
  constructor(options: TopicProcessorOptions<Stores>, messageProcessor: MessageProcessors<Stores>) {
    const config = makeConfig(options);
    this.#config = config;
    this.#processors = processorFor(messageProcessor, config.inputPartitions);
    this.#log = config.logger.child({ topicProcessor: config.topicProcessorName });
    this.#listeners = new Listeners(this.#log);
    this.#lifecycle = new Lifecycle((from, to) => {
      this.#log.debug('State', { from, to });
      this.#listeners.emit('state', { from, to });
    });
    this.#client = openClient(config.client, {
      logger: this.#log,
      retryTimeoutMs: config.retryTimeoutMs,
      fetchMaxWaitMs: config.fetchMaxWaitMs,
    });
    this.#offsets = this.#client.group(config.groupId);
  }

  /** The state now; `stats()` tells more. */
  get state(): ProcessorState {
    return this.#lifecycle.state;
  }

  /** Calls `listener` at each event; what it throws is logged. Returns a function that ends this. */
  on<Name extends keyof ProcessorEvents>(
    name: Name,
    listener: (...event: ProcessorEvents[Name]) => void,
  ): () => void {
    return this.#listeners.on(name, listener);
  }

  /**
   * Processes until `close()`, `context.stop()`, the signal, or a failure.
   *
   * @returns what was done
   * @throws LifecycleError if it ran before
   * @throws ConfigError, ConnectionError, BrokerError, ProcessError, CommitError, OffsetOutOfRangeError, TimeoutError: the first failure; later ones
   * stand in its `suppressed`. All finished work was committed before, nothing of a failed batch was.
   */
  runLoop(options: RunOptions = {}): Promise<RunSummary> {
    return this.#run('runLoop', false, options);
  }

  /**
   * Processes until every assigned partition has been processed and committed up to the end that it had at the start, then closes.
   * Records that are written meanwhile are left for the next run. Otherwise as {@link runLoop}.
   */
  runToEnd(options: RunOptions = {}): Promise<RunSummary> {
    return this.#run('runToEnd', true, options);
  }

  /**
   * Stops fetching, finishes and commits the batches in hand, drops buffered messages (they come again), and resolves when all is released.
   * Idempotent: all calls share one promise. Inside `process`, do not await it: call `context.stop()`.
   *
   * @throws TimeoutError naming the batch in hand if this takes longer than `closeTimeoutMs`; sockets are destroyed then, nothing more is committed
   * @throws LifecycleError if something could not be released. A failure of the run itself is runLoop's to report
   */
  close(): Promise<void> {
    if (this.#closed === undefined) {
      this.#closed = this.#shutDown();
      // Reported by runLoop as well: nobody has to await both.
      this.#closed.catch((error: unknown) => {
        this.#log.debug('close() failed', { error });
      });
    }
    return this.#closed;
  }

  /** As {@link close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * Asks for the end offsets of now (ListOffsets, in the run's isolation) and tells whether committed offsets have reached them on all assigned
   * partitions. True for empty topics. May be called before a run; then `close()` is due.
   */
  async hasConsumedAllMessages(): Promise<boolean> {
    if (this.#lifecycle.isEnding()) {
      throw new LifecycleError(
        `hasConsumedAllMessages() was called on a TopicProcessor that is '${this.state}'`,
      );
    }
    const config = this.#config;
    await this.#client.connect();
    const partitions = assignedPartitions(config);
    checkTopics(config, await this.#client.describeTopics(config.inputTopics));
    const [ends, committed] = await Promise.all([
      this.#client.listOffsets('latest', partitions, config.isolation),
      this.#offsets.fetch(partitions),
    ]);
    const starts = committed.some(({ offset }) => offset === undefined)
      ? await this.#client.listOffsets(config.initialOffset, partitions, config.isolation)
      : [];
    return ends.every(({ offset }, at) => (committed[at]?.offset ?? starts[at]?.offset ?? 0) >= offset);
  }

  /** A snapshot: frozen, plain values. Asks no broker. */
  stats(): ProcessorStats {
    const { topicProcessorName, groupId } = this.#config;
    const flow = this.#flow;
    return deepFreeze({
      topicProcessorName,
      groupId,
      state: this.state,
      ...this.#totals.snapshot(),
      buffered: flow?.buffered ?? 0,
      bufferedBytes: flow?.bufferedBytes ?? 0,
      inHand: flow?.inHand ?? 0,
      partitions: (flow?.progress ?? []).map(
        ({ topic, partition, position, highWatermark, visibleEnd, paused }) => {
          const committed = this.#committer?.committed(topic, partition) ?? null;
          const lag = Math.max(0, visibleEnd - (committed ?? position));
          return { topic, partition, position, committed, highWatermark, lag, paused };
        },
      ),
    });
  }

  async #run(method: string, bounded: boolean, { signal }: RunOptions): Promise<RunSummary> {
    this.#lifecycle.assertNew(method);
    this.#lifecycle.to('starting');
    const began = this.#config.clock.now();
    const onAbort = () => void this.close();
    const ended = new Promise<void>((resolve) => {
      this.#endOfRun = resolve;
    });
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      if (signal?.aborted === true) onAbort();
      this.#starting = this.#start(bounded).catch((error: unknown) => {
        // Closed while it started: connections that were cut are not failures.
        if (this.#lifecycle.isEnding()) this.#log.debug('The start was given up', { error });
        else this.#fail(error);
      });
      await this.#starting;
      await ended;
      await this.close();
    } catch (error) {
      this.#failure.keep(error);
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
    this.#failure.throwIfFailed();
    return this.#summary(this.#config.clock.now() - began);
  }

  /** From the first connection to the first fetch. Gives up quietly when the processor is closed meanwhile. */
  async #start(bounded: boolean): Promise<void> {
    const config = this.#config;
    if (this.#lifecycle.isEnding()) return;
    await this.#client.connect();
    if (this.#lifecycle.isEnding()) return;
    checkTopics(config, await this.#client.describeTopics(config.inputTopics));
    const plan = await planStart(config, this.#client, this.#offsets, bounded);
    if (this.#lifecycle.isEnding()) return;
    this.#plan = plan;
    logPlan(config, plan, this.#log);

    const committer = new OffsetCommitter({
      offsets: this.#offsets,
      clock: config.clock,
      logger: this.#log,
      commitTimeoutMs: config.commitTimeoutMs,
      offsetRefreshMs: config.offsetRefreshMs,
      onFailed: (error: CommitError) => {
        this.#fail(error);
      },
    });
    this.#committer = committer;
    for (const planned of plan) {
      if (planned.hadCommit && !planned.wasReset) committer.adopt(planned);
      // Committed before the first fetch, so that a restart never decides it again.
      else committer.rewind(planned);
    }
    await committer.settled();
    for (const processor of new Set(this.#processors.values())) {
      if (this.#lifecycle.isEnding()) return;
      await this.#init(processor);
    }
    if (this.#lifecycle.isEnding()) return;

    const metrics = new ProcessorMetrics(config.metrics, config.topicProcessorName, this.#log);
    this.#flow = new InputFlow({
      config,
      plan,
      client: this.#client,
      committer,
      processors: this.#processors,
      logger: this.#log,
      closing: this.#closing.signal,
      stop: () => void this.close(),
      onBatch: (report) => {
        this.#totals.add(report);
        metrics.add(report);
        this.#listeners.emit('batch', report);
      },
      onEnd: () => this.#endOfRun?.(),
      onFailed: (error) => {
        this.#fail(error);
      },
    });
    committer.startRefresh();
    this.#lifecycle.to('running');
    this.#listeners.emit('started', {
      partitions: plan.map(({ topic, partition, offset }) => ({ topic, partition, offset })),
    });
    // A listener may have closed it.
    if (!this.#lifecycle.isEnding()) this.#flow.start();
  }

  async #init(processor: MessageProcessor): Promise<void> {
    try {
      await processor.init?.({ stores: this.#config.stores, logger: this.#log });
      this.#assigned.add(processor);
      await processor.onAssigned?.(this.#partitionsOf(processor));
    } catch (cause) {
      const error = new LifecycleError(
        `init or onAssigned of the MessageProcessor failed: ${String(cause)}`,
        { cause },
      );
      // While it closes, what #start throws is taken for a consequence of that.
      if (this.#lifecycle.isEnding()) this.#fail(error);
      throw error;
    }
  }

  #partitionsOf(processor: MessageProcessor): readonly TopicPartition[] {
    return assignedPartitions(this.#config).filter(
      ({ partition }) => this.#processors.get(partition) === processor,
    );
  }

  /** The first failure ends the run; later ones are kept beside it. */
  #fail(error: unknown): void {
    if (this.#failure.keep(error)) this.#listeners.emit('error', error);
    this.#flow?.halt();
    void this.close();
  }

  async #shutDown(): Promise<void> {
    if (this.#lifecycle.state === 'new') {
      this.#lifecycle.to('closed');
      await this.#client.close();
      return;
    }
    this.#lifecycle.to('closing');
    this.#closing.abort(new LifecycleError('The TopicProcessor is closing'));
    const { clock, closeTimeoutMs } = this.#config;
    let timer: Timer | undefined;
    const tooLate = new Promise<never>((_resolve, reject) => {
      timer = clock.after(closeTimeoutMs, () => {
        const error = this.#closedTooLate();
        reject(error);
        this.#flow?.abandon(error);
      });
    });
    const failures: unknown[] = [];
    const onFailure = (error: unknown) => {
      failures.push(error);
      this.#failure.keep(error);
    };
    try {
      await Promise.race([this.#finishWork(onFailure), tooLate]);
    } catch (error) {
      onFailure(error);
    }
    timer?.cancel();
    this.#committer?.close();
    await attempt('The Kafka client could not be closed', () => this.#client.close(), onFailure);
    this.#lifecycle.to(this.#failure.hasFailed ? 'failed' : 'closed');
    this.#endOfRun?.();
    if (failures.length > 0) throw failures[0] as Error;
  }

  /** Finishes what is in hand and commits it; then lets the processors go. Whatever fails, all steps are done. */
  async #finishWork(onFailure: (error: unknown) => void): Promise<void> {
    const flow = this.#flow;
    if (flow === undefined) {
      // Closed while it started: connecting is cut short, nothing was processed.
      this.#committer?.close();
      await attempt('The Kafka client could not be closed', () => this.#client.close(), onFailure);
      await this.#starting;
    } else {
      await attempt('Reading could not be ended', () => flow.stop(), onFailure);
      // A CommitError is the run's failure already, not one of close().
      await attempt(
        '',
        () => this.#committer?.settled(),
        (error) => this.#failure.keep(error),
      );
      await attempt('Sending could not be ended', () => flow.release(), onFailure);
    }
    for (const processor of this.#assigned) {
      await attempt(
        'onRevoked of the MessageProcessor failed',
        () => processor.onRevoked?.(this.#partitionsOf(processor)),
        onFailure,
      );
    }
    for (const processor of new Set(this.#processors.values()))
      await attempt('close of the MessageProcessor failed', () => processor.close?.(), onFailure);
  }

  #closedTooLate(): TimeoutError {
    const inHand = this.#flow?.inHandNow() ?? 'the start';
    return new TimeoutError(
      `close() did not end within closeTimeoutMs (${this.#config.closeTimeoutMs} ms): ${inHand} is still under way and was not committed. ` +
        'Do not await close() inside process (call context.stop()); heed context.signal; or raise closeTimeoutMs.',
    );
  }

  #summary(durationMs: number): RunSummary {
    const { records, batches, sent } = this.#totals.snapshot();
    return deepFreeze({
      records,
      batches,
      sent,
      durationMs,
      partitions: this.#plan.map(({ topic, partition, offset }) => ({
        topic,
        partition,
        start: offset,
        end: this.#committer?.committed(topic, partition) ?? offset,
      })),
      openTransactions: this.#plan.flatMap(({ topic, partition, end, highWatermark }) =>
        end !== undefined && end < highWatermark ? [{ topic, partition, end, highWatermark }] : [],
      ),
    });
  }
}
