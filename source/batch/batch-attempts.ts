import { stillOwned, type ClaimGuard } from '../assignment/ownership-guard.ts';
import { sleep, type Clock } from '../kernel/clock.ts';
import { LifecycleError, TimeoutError } from '../kernel/errors.ts';
import { unlimited } from '../kernel/limit-repeats.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Batch } from './batcher.ts';
import { isBatchError } from '../batch-error.ts';
import { ClosedWhileWaiting } from '../kernel/closed-while-waiting.ts';
import { kasperProcessCall } from './inside-process.ts';
import type { ConsumerMessage } from '../message.ts';
import type { BatchTrigger, ProcessContext, ProcessFunction, StoreMap } from '../message-processor.ts';
import { chain, type Middleware } from '../middleware/middleware.ts';
import { SlotHold, type ProcessSlots } from './process-slots.ts';
import { type Sender } from '../sender.ts';
import { BufferedSender, type SenderOptions } from './buffered-sender.ts';

export interface BatchRunOptions {
  readonly partition: number;
  readonly stores: StoreMap;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly slots: ProcessSlots;
  readonly middleware: readonly Middleware[];
  readonly sender: SenderOptions;
  readonly processTimeoutMs: number;
  readonly closeTimeoutMs: number;
  /** Aborted when the processor closes: ends waits, not processing. */
  readonly closing: AbortSignal;
  readonly stop: () => void;
  readonly guard: ClaimGuard;
}

/**
 * Step 1 of the straight line for one batch: calls the middleware and the user's process, gives each attempt a sender of its own, and holds what is
 * to be flushed.
 */
export class BatchRun implements ProcessContext {
  readonly partition: number;
  readonly trigger: BatchTrigger;
  readonly stores: StoreMap;
  readonly logger: Logger;
  readonly #options: BatchRunOptions;
  readonly #batch: Batch;
  readonly #abort = new AbortController();
  /** Senders whose records go out with the batch, in order. */
  readonly #kept: BufferedSender[] = [];
  readonly #slot: SlotHold;
  #callbacks: (() => void)[] = [];
  #attempt = 0;
  #hasEnded = false;
  #hangs = false;
  /** Why the signal was aborted. */
  #tooLate: TimeoutError | undefined;
  /** Stops waiting for the function. */
  #giveUp: (() => void) | undefined;

  constructor(batch: Batch, options: BatchRunOptions) {
    this.#batch = batch;
    this.#options = options;
    this.partition = options.partition;
    this.trigger = batch.trigger;
    this.stores = options.stores;
    // What the user's code writes is not ours to limit.
    this.logger = unlimited(options.logger);
    this.#slot = new SlotHold(options.slots);
  }

  get attempt(): number {
    return Math.max(1, this.#attempt);
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get committedCallbacks(): readonly (() => void)[] {
    return this.#callbacks;
  }

  /** Gives the process slot up, for good. After a failure not before all partitions were told to stop: the slot lets the next batch begin. */
  leave(): void {
    this.#slot.end();
  }

  /** Whether the user's function was still running when it was given up. */
  get hangs(): boolean {
    return this.#hangs;
  }

  /** Records that were sent and acked. */
  get sent(): number {
    return this.#kept.reduce((sum, sender) => sum + sender.sent, 0);
  }

  async wait(ms: number): Promise<void> {
    if (this.#hasEnded) {
      throw new LifecycleError(
        'context.wait() was called after process had ended. Is an await missing in process?',
      );
    }
    const { clock, closing } = this.#options;
    const timedOut = this.#abort.signal;
    this.#slot.giveBack();
    try {
      await sleep(clock, ms, AbortSignal.any([closing, timedOut]));
    } catch (cause) {
      if (!closing.aborted) throw cause;
    } finally {
      await this.#slot.regain();
    }
    // Also where it closed while this queued for the slot.
    if (closing.aborted) {
      throw new ClosedWhileWaiting(
        'context.wait() ended because the processor is closing; the batch is not committed and comes again',
        { cause: closing.reason },
      );
    }
  }

  /** Close has waited long enough: the function is told by the signal, and not waited for. */
  abandon(tooLate: TimeoutError): void {
    if (this.#hasEnded) return;
    if (this.#tooLate === undefined) this.#abortWith(tooLate, 'closeTimeoutMs was over');
    this.#hangs = true;
    this.#giveUp?.();
  }

  stop(): void {
    this.#options.stop();
  }

  stillOwned(): Promise<void> {
    return stillOwned(this.#options.guard);
  }

  onCommitted(callback: () => void): void {
    this.#callbacks.push(callback);
  }

  /**
   * Runs the middleware around the user's function, within the time limit. The caller has acquired a process slot, and calls
   * {@link leave}.
   *
   * @throws what the function or the middleware throws; once the limit was passed {@link signal}'s reason, a TimeoutError, even if the function returns
   * after all: it may have returned early because of the signal
   */
  async process(userProcess: ProcessFunction): Promise<void> {
    const { middleware, clock, processTimeoutMs, closeTimeoutMs } = this.#options;
    const attempt: ProcessFunction = (messages, _sender, context) =>
      this.#tryOnce(userProcess, messages, context);
    const gaveUp = new Promise<void>((resolve) => {
      this.#giveUp = () => {
        this.#hangs = true;
        resolve();
      };
    });
    let timer = clock.after(processTimeoutMs, () => {
      this.#abortWith(this.#timedOut(), 'processTimeoutMs was over');
      timer = clock.after(closeTimeoutMs, () => {
        this.#giveUp?.();
      });
    });
    try {
      const running =
        middleware.length === 0
          ? attempt(this.#batch.messages, noSender, this)
          : this.#throughMiddleware(attempt);
      await Promise.race([running, gaveUp]);
    } catch (error) {
      const tooLate = this.#tooLate;
      if (tooLate === undefined) throw error;
      // Most likely the function heeded the signal: that it took too long is what a person must know.
      if (error !== tooLate) tooLate.suppressed.push(error);
    } finally {
      timer.cancel();
      this.#hasEnded = true;
    }
    this.#abort.signal.throwIfAborted();
  }

  /** Step 2: sends what the attempts that count have sent. */
  async flush(): Promise<void> {
    for (const sender of this.#kept) await sender.flushNow();
  }

  async #throughMiddleware(attempt: ProcessFunction): Promise<void> {
    const sender = new BufferedSender(this.#options.sender);
    this.#kept.push(sender);
    try {
      await chain(this.#options.middleware, attempt)(this.#batch.messages, sender, this);
    } finally {
      sender.end('process had ended');
    }
  }

  async #tryOnce(
    userProcess: ProcessFunction,
    messages: readonly ConsumerMessage[],
    context: ProcessContext,
  ): Promise<void> {
    this.#abort.signal.throwIfAborted();
    this.#attempt++;
    const callbacksBefore = this.#callbacks.length;
    const sender = new BufferedSender(this.#options.sender);
    this.#kept.push(sender);
    try {
      await kasperProcessCall(userProcess, messages, sender, context);
    } catch (error) {
      // A BatchError is partial success: what was sent belongs to the messages that are done.
      if (!isBatchError(error)) {
        sender.discard();
        this.#callbacks = this.#callbacks.slice(0, callbacksBefore);
      }
      throw error;
    } finally {
      sender.end('process had returned');
    }
  }

  #abortWith(tooLate: TimeoutError, reason: string): void {
    this.#tooLate = tooLate;
    this.#abort.abort(tooLate);
    for (const sender of this.#kept) sender.end(reason);
  }

  #timedOut(): TimeoutError {
    const first = this.#batch.messages[0];
    const at = first === undefined ? '' : `, from ${first.topic} offset ${first.offset}`;
    return new TimeoutError(
      `process did not end within processTimeoutMs (${this.#options.processTimeoutMs} ms): partition ${this.partition}, ` +
        `${this.#batch.messages.length} messages${at}. JavaScript cannot stop it: end this process. ` +
        'Heed context.signal, do not wait for close() or seek() in it, make batches smaller, or raise processTimeoutMs.',
    );
  }
}

/** Stands for the middleware's sender where there is no middleware. */
const noSender: Sender = Object.freeze({ send: () => undefined, flush: () => Promise.resolve() });
