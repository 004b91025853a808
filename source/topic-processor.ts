import type { HealthReport } from '../metrics/monitor.ts';
import { hasConsumedAll } from './run/consumed-all.ts';
import { makeConfig, type Config } from './config/config.ts';
import type { TopicProcessorOptions } from './config/options.ts';
import { isCalledFromProcess } from './batch/inside-process.ts';
import { openClient } from './kafka/open-client.ts';
import type { KafkaClient } from './kafka/client.ts';
import { ConfigError, LifecycleError, TimeoutError } from './kernel/errors.ts';
import { isObject } from './kernel/is-object.ts';
import { limitRepeats, type RepeatLimitedLogger } from './kernel/limit-repeats.ts';
import { aborted } from './kernel/aborted.ts';
import type { Timer } from './kernel/clock.ts';
import { Listeners } from './kernel/listeners.ts';
import { show } from './kernel/shown-value.ts';
import { unknownName } from './kernel/unknown-name.ts';
import { sharedAbort } from './kernel/shared-abort.ts';
import { Lifecycle, type ProcessorState } from './lifecycle.ts';
import type { StoreMap } from './message-processor.ts';
import { oneProcessor, processorFor, type MessageProcessors } from './message-processors.ts';
import { processorEventNames, type ProcessorEvents } from './processor-events.ts';
import { openMonitor } from './watch/open-monitor.ts';
import { summarize } from './watch/take-stats.ts';
import { ProcessorView } from './watch/processor-view.ts';
import type { ProcessorStats, RunSummary } from './stats.ts';
import { Run } from './run/run.ts';
import { ReleaseStack } from './run/release-stack.ts';
import { RunOutcome } from './run/run-outcome.ts';
import { RunParts } from './run/run-parts.ts';
import { logEnd } from './run/run-log.ts';
import { type SeekTarget } from './seek-target.ts';
import { UserProcessors } from './run/user-processors.ts';
import { resolveTarget } from './input/resolve-target.ts';

/** What a run may be given. */
export interface RunOptions {
  /** When it is aborted, the processor closes as `close()` does. */
  readonly signal?: AbortSignal;
}

/**
 * Reads partitions of Kafka topics in batches, gives each batch to a MessageProcessor, flushes what
 * it sent, and commits the offsets.
 *
 * Offsets are committed under the group `kasper-topic-processor-{topicProcessorName}` as a simple
 * consumer: no group membership, so no rebalance. One TopicProcessor runs once.
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
  readonly #log: RepeatLimitedLogger;
  readonly #client: KafkaClient;
  readonly #lifecycle: Lifecycle;
  readonly #listeners: Listeners<ProcessorEvents>;
  readonly #closing = sharedAbort();
  readonly #outcome = new RunOutcome();
  readonly #parts = new RunParts();
  /** What was opened outside of the run. */
  readonly #opened = new ReleaseStack(this.#outcome);
  readonly #view: ProcessorView;
  readonly #run: Run;
  #starting: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  /**
   * @param options see {@link TopicProcessorOptions}
   * @param messageProcessor one for all partitions, or a function that gives the one of a partition
   *   ({@link fromMap} for a map); left out where it is in the options, as in a job of
   *   {@link defineJob}
   * @throws ConfigError that lists everything wrong with the options
   */
  constructor(options: TopicProcessorOptions<Stores>, messageProcessor: MessageProcessors<Stores>);
  constructor(options: TopicProcessorOptions<Stores> & { readonly processor: MessageProcessors<Stores> });
  constructor(options: TopicProcessorOptions<Stores>, messageProcessor?: MessageProcessors<Stores>) {
    const config = makeConfig(options);
    this.#config = config;
    const processor = oneProcessor('TopicProcessor', options.processor, messageProcessor);
    const processors = processorFor(processor, config.inputPartitions);
    const logger = limitRepeats(config.logger.child({ topicProcessor: config.topicProcessorName }), {
      clock: config.clock,
    });
    this.#log = logger;
    this.#listeners = new Listeners(logger);
    this.#lifecycle = new Lifecycle((from, to) => {
      logger.debug('State', { from, to });
      this.#listeners.emit('state', { from, to });
    });
    const { retryTimeoutMs, fetchMaxWaitMs } = config;
    const firstConnectTimeoutMs = Math.min(config.firstConnectTimeoutMs, retryTimeoutMs);
    const limits = { retryTimeoutMs, firstConnectTimeoutMs, fetchMaxWaitMs };
    const client = openClient(config.client, { logger, ...limits });
    this.#client = client;
    const lifecycle = this.#lifecycle;
    const outcome = this.#outcome;
    const parts = this.#parts;
    const view = new ProcessorView({ config, logger, lifecycle, outcome, parts, listeners: this.#listeners });
    this.#view = view;
    client.observe?.(view);
    const closing = this.#closing.signal;
    const users = new UserProcessors(config, processors, logger);
    this.#run = new Run(
      { config, client, logger, closing, reports: view },
      { parts, outcome, processors, users },
    );
    outcome.over.addEventListener('abort', () => {
      this.#run.halt();
      void this.close();
    });
  }

  /** The state now; `stats()` shows more. */
  get state(): ProcessorState {
    return this.#lifecycle.state;
  }

  /**
   * Calls `listener` at each event; what it throws is logged. Returns a function that ends this.
   *
   * @throws ConfigError for an event that does not exist, or what is not a function
   */
  on<Name extends keyof ProcessorEvents>(
    name: Name,
    listener: (...event: ProcessorEvents[Name]) => void,
  ): () => void {
    checkListener(name, listener);
    return this.#listeners.on(name, listener);
  }

  /**
   * Processes until `close()`, `context.stop()`, the signal, or a failure.
   *
   * @returns what was done
   * @throws LifecycleError if it ran before
   * @throws AssignmentError if another process has one of the partitions, FencedError if one has
   *   taken it over: then nothing more is committed
   * @throws ConfigError, ConnectionError, BrokerError, ProcessError, CommitError,
   *   OffsetOutOfRangeError, TimeoutError: the first failure; later ones are in its `suppressed`.
   *   All finished work was committed before, nothing of a failed batch was.
   */
  runLoop(options: RunOptions = {}): Promise<RunSummary> {
    return this.#runOnce('runLoop', false, options);
  }

  /**
   * Processes until every assigned partition has been processed and committed up to the end that it
   * had at the start, then closes. Records that are written meanwhile are left for the next run.
   * Otherwise as {@link runLoop}.
   */
  runToEnd(options: RunOptions = {}): Promise<RunSummary> {
    return this.#runOnce('runToEnd', true, options);
  }

  /**
   * Stops fetching, finishes and commits the batches in process, drops buffered messages (they are
   * reprocessed), and resolves when all is released. Idempotent: all calls share one promise.
   * Inside `process`, do not await it: call `context.stop()`.
   *
   * @throws TimeoutError naming the batch in process if this takes longer than `closeTimeoutMs`;
   *   sockets are destroyed then, nothing more is committed
   * @throws LifecycleError if something could not be released. A failure of the run itself is
   *   runLoop's to report
   */
  close(): Promise<void> {
    if (this.#closed === undefined) {
      let shutDown = () => Promise.resolve();
      // Before anything happens: a listener of 'state' that calls close() gets this very promise.
      this.#closed = new Promise((resolve, reject) => {
        shutDown = () => this.#shutDown().then(resolve, reject);
      });
      // Reported by runLoop as well: nobody has to await both.
      this.#closed.catch((error: unknown) => {
        this.#log.debug('close() failed', { error });
      });
      void shutDown();
    }
    return this.#closed;
  }

  /** As {@link close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * Asks for the end offsets of now (ListOffsets, in the run's isolation) and says whether
   * committed offsets have reached them on all assigned partitions. True for empty topics. May be
   * called before a run; then `close()` is due.
   */
  async hasConsumedAllMessages(): Promise<boolean> {
    if (this.#lifecycle.isEnding()) {
      throw new LifecycleError(
        `hasConsumedAllMessages() was called on a TopicProcessor that is '${this.state}'`,
      );
    }
    await this.#client.connect();
    return hasConsumedAll(this.#config, this.#client);
  }

  /**
   * Continues with one topic-partition at another offset: waits for the batch in process and its
   * commit, drops what was fetched, commits the new position (the one commit that may go back), and
   * reads on from there. Messages of other topics and partitions are not touched.
   *
   * A bounded run keeps its end: a partition that had reached it is read again up to it.
   *
   * Not from inside `process`, for whose end it waits: call it from outside, or from a callback of
   * `context.onCommitted`.
   *
   * @param to an offset, 'earliest', 'latest', a Date or { timestamp } (the first record at or
   *   after it; past the end: the end)
   * @returns the offset, once it is committed
   * @throws LifecycleError unless it is running, or from inside `process`. (A call that `process`
   *   awaits in a roundabout way, through a callback, is not recognised: it waits until
   *   `processTimeoutMs` ends the run.)
   * @throws ConfigError for a target that makes no sense, AssignmentError for a partition that is
   *   not read here
   * @throws OffsetOutOfRangeError for an offset that is not in the log
   * @throws CommitError, BrokerError, ConnectionError, TimeoutError
   */
  async seek(topic: string, partition: number, to: SeekTarget): Promise<number> {
    const { flow } = this.#parts;
    if (this.state !== 'running' || flow === undefined) {
      throw new LifecycleError(
        `seek() was called on a TopicProcessor that is '${this.state}': it works while one is running`,
      );
    }
    if (flow.inHand > 0 && isCalledFromProcess()) {
      throw new LifecycleError(
        'seek() was called from inside process, for whose end it would wait: call it from outside, or from context.onCommitted',
      );
    }
    try {
      const offset = await resolveTarget(this.#config, this.#client, { topic, partition }, to);
      await flow.seek({ topic, partition }, offset);
      return offset;
    } catch (cause) {
      if (!this.#lifecycle.isEnding() || cause instanceof LifecycleError) throw cause;
      throw new LifecycleError(`The processor ended before it could seek ${topic}/${partition}`, { cause });
    }
  }

  /** A snapshot: frozen, plain values. Asks no broker. */
  stats(): ProcessorStats {
    return this.#view.stats();
  }

  /**
   * Whether it does its work, for probes. It is healthy unless the run has failed, a partition with
   * more lag than `stallLagRecords` has made no progress for `stallTimeoutMs`, or no broker has
   * answered for this long; and again when that is over. It is ready while it runs: not while it
   * starts, waits for its claims, or closes. Asks no broker.
   */
  health(): HealthReport {
    return this.#view.health();
  }

  async #runOnce(method: string, isBounded: boolean, options: RunOptions): Promise<RunSummary> {
    this.#lifecycle.assertNew(method);
    const signal = signalOf(method, options);
    this.#lifecycle.to('starting');
    const began = this.#config.clock.now();
    this.#view.start();
    const onAbort = () => void this.close();
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted === true) onAbort();
    try {
      this.#starting = this.#start(isBounded).catch((error: unknown) => {
        // Closed while it started: connections that were cut are not failures.
        if (this.#lifecycle.isEnding()) this.#log.debug('The start was given up', { error });
        else this.#view.failed(error);
      });
      // Not the start itself: where that never settles, close() gives it up, and this rejects as well.
      await aborted(this.#outcome.over);
      await this.close();
    } catch (error) {
      this.#outcome.keep(error);
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
    const durationMs = this.#config.clock.now() - began;
    logEnd(this.#log, this.#parts, { stats: this.stats(), durationMs, outcome: this.#outcome });
    this.#outcome.throwIfFailed();
    return summarize(this.#parts, this.#view.totals, durationMs);
  }

  async #start(isBounded: boolean): Promise<void> {
    if (this.#lifecycle.isEnding()) return;
    const releaseMonitor = await openMonitor(this.#config, this.#view.monitored);
    await this.#opened.opened('The monitor could not be closed', releaseMonitor);
    if (this.#lifecycle.isEnding()) return;
    await this.#run.prepare(isBounded);
    const { flow, plan } = this.#parts;
    if (flow === undefined || this.#lifecycle.isEnding()) return;
    this.#lifecycle.to('running');
    this.#view.started(plan);
    this.#listeners.emit('started', {
      partitions: plan.map(({ topic, partition, offset }) => ({ topic, partition, offset })),
    });
    // A listener may have closed it.
    if (!this.#lifecycle.isEnding()) flow.start();
  }

  async #shutDown(): Promise<void> {
    if (this.#lifecycle.state === 'new') {
      this.#lifecycle.to('closed');
      await this.#client.close();
      this.#log.close();
      return;
    }
    this.#lifecycle.to('closing');
    this.#closing.abort(new LifecycleError('The TopicProcessor is closing'));
    const leftMs = await this.#finish();
    await this.#run.release(leftMs);
    // The last of all, so that it shows how the rest ends.
    await this.#opened.release(leftMs);
    this.#lifecycle.to(this.#outcome.hasFailed ? 'failed' : 'closed');
    this.#view.end();
    this.#outcome.end();
    this.#outcome.throwIfCloseFailed();
  }

  /**
   * Finishes what is in process. Returns the time that is left to release the rest; 0 if work may
   * still be in process.
   */
  async #finish(): Promise<number> {
    const { clock, closeTimeoutMs } = this.#config;
    const began = clock.now();
    let timer: Timer | undefined;
    const tooLate = new Promise<never>((_resolve, reject) => {
      timer = clock.after(closeTimeoutMs, () => {
        const error = closedTooLate(closeTimeoutMs, this.#run.inProcessNow());
        reject(error);
        this.#run.abandon(error);
      });
    });
    try {
      await Promise.race([this.#run.finish(this.#starting), tooLate]);
      return this.#run.hangs ? 0 : closeTimeoutMs - (clock.now() - began);
    } catch (error) {
      this.#outcome.closeFailed(error);
      return 0;
    } finally {
      timer?.cancel();
    }
  }
}

/** Checks what may come from JavaScript. @throws ConfigError */
function checkListener(name: unknown, listener: unknown): void {
  const problems: string[] = [];
  if (!processorEventNames.some((known) => known === name))
    problems.push(
      typeof name === 'string'
        ? unknownName('event', name, processorEventNames)
        : `an event has a name, not ${show(name)}`,
    );
  if (typeof listener !== 'function') problems.push(`the listener must be a function, not ${show(listener)}`);
  if (problems.length > 0) throw new ConfigError(problems, { what: 'TopicProcessor.on' });
}

/** The signal of a run. @throws ConfigError for what is none */
function signalOf(method: string, options: unknown): AbortSignal | undefined {
  if (!isObject(options))
    throw new ConfigError([`options must be an object, such as { signal }, not ${show(options)}`], {
      what: method,
    });
  const problems = Object.keys(options)
    .filter((name) => name !== 'signal')
    .map((name) => unknownName('option', name, ['signal']));
  const { signal } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal))
    problems.push(`signal must be an AbortSignal, not ${show(signal)}`);
  if (problems.length > 0) throw new ConfigError(problems, { what: method });
  return signal as AbortSignal | undefined;
}

/** The error of a close that took too long; `inProcess` says what is not done. */
function closedTooLate(closeTimeoutMs: number, inProcess: string): TimeoutError {
  return new TimeoutError(
    `close() did not end within closeTimeoutMs (${closeTimeoutMs} ms): ${inProcess} is still in process and was not committed. ` +
      'Do not await close() inside process (call context.stop()); heed context.signal; or raise closeTimeoutMs.',
  );
}
