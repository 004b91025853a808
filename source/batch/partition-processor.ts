import { endedByClose } from '../kernel/closed-while-waiting.ts';
import { LifecycleError, type TimeoutError } from '../kernel/errors.ts';
import type { ConsumerMessage } from '../message.ts';
import type { MessageProcessor, ProcessFunction } from '../message-processor.ts';
import type { PartitionStep } from '../stats.ts';
import { BatchLine, type BatchLineOptions } from './batch-line.ts';
import type { Batch } from './batcher.ts';
import type { PartitionState } from './partition-states.ts';

/**
 * Of `maxSendBufferBytes`: a batch that has sent more than this part is not overlapped, so that
 * memory stays bounded, and no batch has less room to send because of the one before.
 */
const LARGE_PART = 1 / 8;

/**
 * Takes the batches of one input partition through the straight line, one after another.
 * {@link BatchLoop} decides when one begins.
 *
 * A batch may be in process while the one before waits for its acks. There are never more than two:
 * one in step 1, and one in steps 2 to 4.
 */
export class PartitionProcessor {
  readonly #options: PartitionProcessorOptions;
  readonly #process: ProcessFunction;
  readonly #mayOverlap: boolean;
  /** Batches that have begun and are not done, the newest last. One that has failed stays. */
  readonly #lines: BatchLine[] = [];
  #records = 0;
  /** The batch in process; resolves when its step 1 has ended, or all of it. */
  #running: Promise<void> | undefined;
  /** Steps 2 to 4 of a batch that the next one may overlap. */
  #finishing: Promise<void> | undefined;
  #finishingRecords = 0;
  /** Why the batch in process does not count: the one before has failed. */
  #givenUp: LifecycleError | undefined;

  constructor(options: PartitionProcessorOptions) {
    this.#options = options;
    const { messageProcessor, run, delivery } = options;
    this.#process = messageProcessor.process.bind(messageProcessor);
    const { commit, flushedStores, stores } = run.config;
    const { overlapsFlush = Object.keys(stores).length === 0 } = messageProcessor;
    this.#mayOverlap =
      overlapsFlush && delivery.overlapsFlush && commit === 'pipelined' && flushedStores.length === 0;
  }

  /** Messages of the batches that have begun and not ended. */
  get records(): number {
    return this.#records;
  }

  /** Whether one has begun and not ended. */
  get isBusy(): boolean {
    return this.#running !== undefined || this.#finishing !== undefined;
  }

  /** What its newest batch is at. */
  get step(): PartitionStep {
    return this.#lines.at(-1)?.step ?? 'idle';
  }

  /** Whether a batch was given up while the user's function was still running. */
  get hangs(): boolean {
    return this.#lines.some(({ hangs }) => hangs);
  }

  /** Messages of a batch whose step 1 has ended, while the next one may begin. */
  get finishingRecords(): number {
    return this.#finishingRecords;
  }

  /** Resolves when that batch has ended. */
  async finished(): Promise<void> {
    await this.#finishing;
  }

  /** Resolves when all that have begun by now have ended. */
  async ended(): Promise<void> {
    await this.#running;
    await this.#finishing;
  }

  /**
   * Takes a batch through the line; the caller has acquired a process slot for it. Resolves when the
   * next one may begin. Never rejects: a failure is reported to the run.
   */
  async run({ messages, ...batch }: Batch): Promise<void> {
    const { positions, owner } = this.#options;
    const records = messages.length;
    const line = new BatchLine({ ...batch, records }, this.#options, this.#finishing);
    const open = { line, place: positions.batchBegins(), records, freedBytes: batch.freedBytes };
    this.#lines.push(line);
    this.#records += records;
    owner.progressed();
    this.#running = this.#runOpen(open, messages);
    await this.#running;
    this.#running = undefined;
  }

  /** A batch has failed, or cannot begin. */
  failed(error: unknown): void {
    const { run, state, logger } = this.#options;
    if (error === this.#givenUp) {
      // The failure of the batch before was reported. What this one has thrown since may be another.
      for (const other of this.#givenUp?.suppressed ?? []) run.reports.failed(other);
      return;
    }
    if (state.name !== 'failed') state.to('failed');
    if (endedByClose(error))
      logger.info('A batch that waited when the processor closed is given up; it is reprocessed');
    else run.reports.failed(error);
  }

  /**
   * Gives up a function that is still in `process`: nothing of its batch is flushed or committed.
   */
  abandon(tooLate: TimeoutError): void {
    for (const line of this.#lines) line.abandon(tooLate);
  }

  /**
   * Where the next batch may overlap this one, it goes only through step 1 here, and the rest goes
   * on beside. Before that the batch before is at its end: no more than two are open.
   */
  async #runOpen(open: OpenBatch, messages: readonly ConsumerMessage[]): Promise<void> {
    const { line } = open;
    try {
      await line.process(this.#process, messages);
      if (this.#finishing !== undefined) await this.#finishing;
      // Also where the batch before has failed between the end of this step and here.
      line.throwIfGivenUp();
      if (this.#overlaps(line)) this.#finishing = this.#finishBeside(open);
      else await this.#finish(open);
    } catch (error) {
      this.failed(error);
      // Only now, when every partition was told to stop: those who queue for the slot then give up,
      // and no batch begins after a failure, or beside a function that hangs.
      line.leave();
      this.#ended(open);
    }
  }

  /**
   * Whether the next batch may be in process while this one, of which step 1 has ended, is at its
   * steps 2 to 4: it waits for acks, and what the next one does cannot depend on them.
   */
  #overlaps({ unsentBytes, hasDurables }: BatchLine): boolean {
    if (!this.#mayOverlap || hasDurables || unsentBytes === 0) return false;
    return unsentBytes <= this.#options.run.config.maxSendBufferBytes * LARGE_PART;
  }

  async #finishBeside(open: OpenBatch): Promise<void> {
    this.#finishingRecords = open.records;
    try {
      await this.#finish(open);
    } catch (error) {
      this.failed(error);
      this.#ended(open);
      const said = 'The batch before has failed: nothing of this one is sent or committed';
      this.#givenUp = new LifecycleError(said, { cause: error });
      for (const line of this.#lines) if (line !== open.line) line.giveUp(this.#givenUp);
    }
    this.#finishing = undefined;
    this.#finishingRecords = 0;
    this.#options.owner.progressed();
  }

  async #finish(open: OpenBatch): Promise<void> {
    await open.line.finish(open.place);
    this.#lines.splice(this.#lines.indexOf(open.line), 1);
    this.#ended(open);
  }

  #ended({ records, freedBytes }: OpenBatch): void {
    this.#records -= records;
    this.#options.shared.budget.refund(freedBytes);
  }
}

/** A batch that has begun and not ended. */
interface OpenBatch {
  readonly line: BatchLine;
  /** Its number among the positions. */
  readonly place: number;
  readonly records: number;
  /** Bytes of memory that are free again once it has ended. */
  readonly freedBytes: number;
}

/** What a partition's processor works with. */
export interface PartitionProcessorOptions extends BatchLineOptions {
  readonly state: PartitionState;
  readonly messageProcessor: MessageProcessor;
  readonly owner: BatchOwner;
}

/** Who feeds a partition's batches. */
export interface BatchOwner {
  /** There may be room for more messages: a batch began or ended. */
  progressed(): void;
}
