import { isBatchError } from '../batch-error.ts';
import { checkArguments, senderArgument } from '../kernel/check-arguments.ts';
import { ClosedWhileWaiting } from '../kernel/closed-while-waiting.ts';
import type { RunContext } from '../config/run-context.ts';
import type { BatchDelivery, FinishedWork } from '../delivery/delivery.ts';
import { sleep } from '../kernel/clock.ts';
import { durationProblem } from '../kernel/duration.ts';
import { ConfigError, LifecycleError, type KasperError, type TimeoutError } from '../kernel/errors.ts';
import type { ConsumerMessage } from '../message.ts';
import { messageOutcomes, noTally, type MessageOutcome, type MessageTally } from '../message-tally.ts';
import type { BatchTrigger, ProcessFunction, SenderDecorator } from '../message-processor.ts';
import { chain } from '../middleware/middleware.ts';
import { newSender, staging, type Sender, type SendStaging } from '../sender.ts';
import {
  newBatchContext,
  type BatchContext,
  type ContextBatch,
  type PartitionContext,
} from './batch-context.ts';
import type { BegunBatch } from './batcher.ts';
import { BufferedSender } from './buffered-sender.ts';
import { kasperProcessCall } from './inside-process.ts';
import { ProcessLimit } from './process-limit.ts';
import { SlotHold } from './process-slots.ts';
import type { SharedParts } from './shared-parts.ts';

/**
 * Step 1 of the straight line for one batch, none of whose records it holds: calls the middleware
 * and the user's process, gives each attempt a sender of its own, and holds what is to be flushed,
 * and what is to be done at the commit.
 */
export class BatchAttempts implements ContextBatch {
  readonly #options: BatchAttemptsOptions;
  readonly #trigger: BatchTrigger;
  readonly #delivery: BatchDelivery;
  readonly #limit: ProcessLimit;
  readonly #slot: SlotHold;
  /** Calls of `context.wait` that have not ended. */
  #waits = 0;
  readonly #decorators: SenderDecorator[] = [];
  /** Senders whose records go out with the batch, in order. */
  readonly #kept: BufferedSender[] = [];
  #durables: (() => void | Promise<void>)[] = [];
  #callbacks: (() => void)[] = [];
  #tally = noTally;

  constructor(batch: BegunBatch, delivery: BatchDelivery, options: BatchAttemptsOptions) {
    this.#trigger = batch.trigger;
    this.#delivery = delivery;
    this.#options = options;
    const { run, shared, context } = options;
    const { records, ranges } = batch;
    this.#limit = new ProcessLimit(run.config, { partition: context.partition, records, ranges }, () => {
      for (const sender of this.#kept) sender.end(this.#limit.passed);
    });
    this.#slot = new SlotHold(shared.slots);
  }

  /** Aborted with the {@link reason}, as soon as there is one. */
  get signal(): AbortSignal {
    return this.#limit.signal;
  }

  /**
   * Why nothing of this batch will count: a time limit was passed, and then it is a TimeoutError; or
   * what {@link giveUp} was given.
   */
  get reason(): KasperError | undefined {
    return this.#limit.reason;
  }

  /** @throws the {@link reason}, if there is one */
  throwIfOver(): void {
    this.#limit.throwIfOver();
  }

  /** What is to be recorded with the commit. */
  get durables(): readonly (() => void | Promise<void>)[] {
    return this.#durables;
  }

  /** What is to be called after the commit. */
  get committedCallbacks(): readonly (() => void)[] {
    return this.#callbacks;
  }

  /** What became of messages that were not simply processed. */
  get tally(): MessageTally {
    return this.#tally;
  }

  /** Bytes that were sent and wait for the flush. */
  get unsentBytes(): number {
    return this.#kept.reduce((sum, sender) => sum + sender.bytes, 0);
  }

  /** Records that were sent and acked. */
  get sent(): number {
    return this.#kept.reduce((sum, sender) => sum + sender.sent, 0);
  }

  /** Whether it is in `context.wait`. */
  get isWaiting(): boolean {
    return this.#waits > 0;
  }

  /** Whether the user's function was still running when it was given up. */
  get hangs(): boolean {
    return this.#limit.hangs;
  }

  /**
   * Gives up the process slot for good. After a failure not before all partitions were told to
   * stop: the slot lets the next batch begin.
   */
  leave(): void {
    this.#slot.end();
  }

  /** The batch before has failed: nothing of this one will count. */
  giveUp(reason: KasperError): void {
    this.#limit.cancel(reason);
  }

  /** Close has waited long enough: the function learns it by the signal, and is not waited for. */
  abandon(tooLate: TimeoutError): void {
    this.#limit.abandon(tooLate);
  }

  /**
   * Runs the middleware around the user's function, within the time limit. The caller has acquired
   * a process slot, and calls {@link leave}.
   *
   * @throws what the function or the middleware throws; once there is a {@link reason} that one,
   *   even if the function returns after all: it may have returned early because of the signal
   */
  async process(userProcess: ProcessFunction, messages: readonly ConsumerMessage[]): Promise<void> {
    const { middleware } = this.#options.run.config;
    await this.#limit.within(() =>
      middleware.length === 0
        ? this.#try(userProcess, messages, this.#newContext())
        : this.#throughMiddleware(userProcess, messages),
    );
  }

  /** See {@link BatchDelivery.isCommitted}. */
  get isCommitted(): boolean {
    return this.#delivery.isCommitted;
  }

  /** Step 2: sends what the attempts that count have sent; see {@link BatchDelivery.flush}. */
  flush(): Promise<void> | undefined {
    return this.#delivery.flush(this.#kept);
  }

  /** Step 4; see {@link BatchDelivery.commit}. */
  commit(work: FinishedWork): Promise<void> | undefined {
    return this.#delivery.commit(work);
  }

  async wait(ms: number): Promise<void> {
    const problem = durationProblem(ms);
    if (problem !== undefined) throw new ConfigError([`ms ${problem}`], { what: 'context.wait' });
    this.#checkNotEnded('wait');
    const { closing, config } = this.#options.run;
    this.#slot.giveBack();
    this.#waits++;
    try {
      await sleep(config.clock, ms, AbortSignal.any([closing, this.signal]));
    } catch (cause) {
      if (!closing.aborted) throw cause;
    } finally {
      this.#waits--;
      await this.#slot.regain();
    }
    // Also where it closed while this queued for the slot.
    if (closing.aborted) {
      throw new ClosedWhileWaiting(
        'context.wait() ended because the processor is closing; the batch is not committed and is reprocessed',
        { cause: closing.reason },
      );
    }
  }

  beforeCommit(callback: () => void | Promise<void>): void {
    this.#checkCallback('beforeCommit', callback);
    this.#durables.push(callback);
  }

  onCommitted(callback: () => void): void {
    this.#checkCallback('onCommitted', callback);
    this.#callbacks.push(callback);
  }

  count(outcome: MessageOutcome, count: number): void {
    checkArguments(
      'context.tally',
      [messageOutcomes.includes(outcome), `the outcome must be ${messageOutcomes.join(', ')}`, outcome],
      [Number.isSafeInteger(count) && count >= 0, 'the count must be a whole number, at least 0', count],
    );
    this.#checkNotEnded('tally');
    if (count > 0) this.#tally = { ...this.#tally, [outcome]: this.#tally[outcome] + count };
  }

  decorateSender(decorate: SenderDecorator): void {
    this.#decorators.push(decorate);
  }

  async #throughMiddleware(userProcess: ProcessFunction, batch: readonly ConsumerMessage[]): Promise<void> {
    const own = this.#newSender();
    const context = this.#newContext();
    context[newSender] = () => this.#newSender();
    let attempts = 0;
    const attempt: ProcessFunction = async (messages, sender, passed) => {
      refuseOtherSender(sender, own);
      context.attempt = ++attempts;
      // What it was passed may have been extended by a middleware.
      await this.#try(userProcess, messages, { ...context, ...passed, attempt: attempts });
    };
    try {
      await chain(this.#options.run.config.middleware, attempt)(batch, own, context);
    } finally {
      own.end('process had ended');
    }
  }

  async #try(
    userProcess: ProcessFunction,
    messages: readonly ConsumerMessage[],
    context: BatchContext,
  ): Promise<void> {
    this.#limit.throwIfOver();
    const before = {
      durables: this.#durables.length,
      callbacks: this.#callbacks.length,
      tally: this.#tally,
    };
    const own = this.#newSender();
    const attempt = new Attempt(own);
    context[staging] = attempt;
    for (const decorate of this.#decorators) {
      attempt.sender = decorate(attempt.sender, context);
      checkArguments('context.decorateSender', senderArgument(attempt.sender));
    }
    const { sender } = attempt;
    try {
      await kasperProcessCall(userProcess, messages, sender, context);
    } catch (error) {
      // A BatchError is partial success: what was sent belongs to the messages that are done.
      if (!isBatchError(error)) {
        own.discard();
        this.#durables = this.#durables.slice(0, before.durables);
        this.#callbacks = this.#callbacks.slice(0, before.callbacks);
        this.#tally = before.tally;
      }
      throw error;
    } finally {
      own.end('process had returned');
    }
  }

  #newContext(): BatchContext {
    return newBatchContext(this.#options.context, this.#trigger, this);
  }

  /** Resolves when the batch before is at its end. @throws the {@link reason} if it failed */
  async #beforeEnded(): Promise<void> {
    await this.#options.before;
    this.#limit.throwIfOver();
  }

  #newSender(): BufferedSender {
    const { shared, before } = this.#options;
    const { partitioner, keyless, maxRecordBytes, maxSendBufferBytes, wallNow } = shared.senders;
    // Spelled out: a spread with more behind it takes a tenth of a small batch.
    const sender = new BufferedSender({
      partitioner,
      keyless,
      maxRecordBytes,
      maxSendBufferBytes,
      wallNow,
      sink: this.#delivery.sink,
      mayFlush: before === undefined ? undefined : () => this.#beforeEnded(),
    });
    this.#kept.push(sender);
    return sender;
  }

  #checkCallback(method: string, callback: unknown): void {
    const isFit = typeof callback === 'function';
    checkArguments(`context.${method}`, [isFit, 'the callback must be a function', callback]);
    this.#checkNotEnded(method);
  }

  /** What is told later would have no effect, or one that others do not reckon with. */
  #checkNotEnded(method: string): void {
    if (!this.#limit.hasEnded) return;
    throw new LifecycleError(
      `context.${method}() was called after process had ended. Is an await missing in process?`,
    );
  }
}

/** Holds back what one attempt sends, also through decorated senders. */
class Attempt implements SendStaging {
  sender: Sender;
  readonly #own: BufferedSender;

  constructor(own: BufferedSender) {
    this.sender = own;
    this.#own = own;
  }

  hold(): void {
    this.#own.hold();
  }

  keep(): void {
    this.#own.keep();
  }

  takeBack(): void {
    this.#own.takeBack();
  }
}

/** What attempts work with. */
export interface BatchAttemptsOptions {
  readonly run: RunContext;
  readonly context: PartitionContext;
  readonly shared: SharedParts;
  /** Steps 2 to 4 of the batch before, while they are under way; never rejects. */
  readonly before: Promise<void> | undefined;
}

/**
 * A sender that a middleware made would be ignored: each attempt has one of its own, so that a
 * failed attempt sends nothing.
 */
function refuseOtherSender(given: Sender, own: Sender): void {
  if (given === own) return;
  throw new LifecycleError(
    'A middleware called next() with a sender of its own, which would be ignored: each attempt has its own sender. ' +
      'Pass on the sender that the middleware was given, and call context.decorateSender((sender, context) => …) before next().',
  );
}
