import type { OwnershipGuard } from '../assignment/ownership-guard.ts';
import type { GroupOffsets, OffsetToCommit } from '../kafka/group-offsets.ts';
import type {
  EncodedRecords,
  TransactionalProducer,
  TransactionFailure,
  TransactionOutput,
} from '../kafka/transactions.ts';
import type { Clock } from '../kernel/clock.ts';
import { FencedError, LifecycleError } from '../kernel/errors.ts';
import { keyOf } from '../kernel/topic-partition.ts';
import type { Logger } from '../kernel/logger.ts';
import type { RunReports } from '../run-reports.ts';

/**
 * The transactions of one input partition, one after another, by its own transactional id:
 *
 * ```
 *  idle ── send, or offsets only ──► open ── commit ──► ending ── answered ──► idle
 *   ▲                                 │ not known         │ not known
 *   └─── the offsets are committed ── recovering ◄────────┘ ── the id has another owner ──► fenced
 *                                     └── they are not: all is sent again, under a new epoch
 * ```
 *
 * A request whose outcome is not known is never repeated: late, it could end the next transaction.
 * A new epoch makes the brokers refuse it, and the committed offsets then tell what has become of
 * it.
 */
export type TransactionState = 'unowned' | 'idle' | 'open' | 'ending' | 'recovering' | 'fenced';

/** What a buffer has sent in the present transaction. */
interface Sent {
  readonly records: EncodedRecords;
  readonly by: TransactionOutput;
}

/** One transactional id and its present transaction. Of its methods one is under way at a time. */
export class Transaction {
  readonly #options: TransactionOptions;
  #state: TransactionState = 'unowned';
  /** Where the present transaction writes to, as `topic/partition`. */
  readonly #added = new Set<string>();
  #hasOffsets = false;
  /** What it has sent, in order: kept until it has ended, so that it can be sent again. */
  #sent: readonly Sent[] = [];
  /** What could not be sent: nothing is committed while it belongs to the transaction. */
  #broken: { readonly by: TransactionOutput; readonly error: Error } | undefined;
  #beganAt: number | undefined;

  constructor(options: TransactionOptions) {
    this.#options = options;
  }

  get state(): TransactionState {
    return this.#state;
  }

  /** Whether a batch has sent something that is neither committed nor aborted. */
  get isOpen(): boolean {
    return this.#sent.length > 0 || this.#broken !== undefined;
  }

  /** Takes the transactional id. @throws ConfigError, BrokerError, ConnectionError, TimeoutError */
  async take(): Promise<void> {
    const failure = await this.#options.producer.init('newcomer');
    if (failure !== undefined) throw failure.error;
    this.#state = 'idle';
  }

  /** Sends records in the transaction; the first ones begin it. @throws ProduceError, FencedError */
  async send(records: EncodedRecords, by: TransactionOutput): Promise<void> {
    this.throwIfBroken();
    const sent = { records, by };
    this.#sent = [...this.#sent, sent];
    try {
      await this.#recovered(await this.#produce([sent]), () => this.#produce(this.#sent));
    } catch (error) {
      this.#broken = { by, error: error as Error };
      throw error;
    }
  }

  /** @throws why the transaction cannot be committed: something could not be sent */
  throwIfBroken(): void {
    if (this.#state === 'fenced') throw this.#fenced();
    if (this.#broken !== undefined) throw this.#broken.error;
  }

  /**
   * Nothing that this buffer has sent is to count: the transaction is aborted, and what others have
   * sent in it is sent again, under a new epoch. Under the same one the brokers would take it for
   * a repeat of what was aborted, say that it is stored, and drop it.
   */
  async drop(by: TransactionOutput): Promise<void> {
    this.#sent = this.#sent.filter((sent) => sent.by !== by);
    if (this.#broken?.by === by) this.#broken = undefined;
    // Whatever becomes of it: the new epoch aborts what is still open.
    if (this.#state === 'open') await this.#options.producer.end('aborted');
    this.#report('aborted');
    await this.#renew();
    await this.#recovered(await this.#produce(this.#sent), () => this.#produce(this.#sent));
  }

  /**
   * Commits what was sent together with these offsets; without anything sent, only them.
   *
   * @throws FencedError; what the brokers have answered
   */
  async commit(offsets: readonly OffsetToCommit[]): Promise<void> {
    this.throwIfBroken();
    if (offsets.length === 0 && this.#sent.length === 0) return;
    const { clock, commitTimeoutMs } = this.#options;
    let failure = await this.#commitOnce(offsets);
    const failingSince = clock.now();
    while (failure !== undefined) {
      if (failure.outcome === 'refused') throw failure.error;
      const wasEnding = this.#state === 'ending';
      await this.#recover(failure);
      if (wasEnding && (await this.#areCommitted(offsets))) break;
      if (clock.now() - failingSince >= commitTimeoutMs) throw failure.error;
      failure = (await this.#produce(this.#sent)) ?? (await this.#commitOnce(offsets));
    }
    this.#report('committed');
    this.#state = 'idle';
    this.#sent = [];
    this.#forget();
  }

  /** At the end of a run: what is open is aborted, so that nobody waits until its time is over. */
  async abort(): Promise<void> {
    if (this.#state !== 'open' && this.#state !== 'ending' && this.#state !== 'recovering') return;
    const { producer, guard } = this.#options;
    let failure = this.#state === 'open' ? await producer.end('aborted') : undefined;
    if (failure?.outcome === 'unknown' || this.#state !== 'open') {
      await guard.checkNow();
      failure = await producer.init('owner');
    }
    if (failure?.outcome === 'fenced') throw this.#fenced(failure.error);
    if (failure !== undefined) throw failure.error;
    this.#state = 'idle';
    this.#report('aborted');
    this.#sent = [];
    this.#forget();
  }

  /** Begins the transaction where it has to, and sends. */
  async #produce(sent: readonly Sent[]): Promise<TransactionFailure | undefined> {
    if (sent.length === 0) return undefined;
    const { producer, groupId, clock } = this.#options;
    this.#state = 'open';
    this.#beganAt ??= clock.now();
    const places = new Map(sent.flatMap(({ records }) => records.partitions.map((at) => [keyOf(at), at])));
    const added = [...places].filter(([key]) => !this.#added.has(key));
    const failures = await Promise.all([
      added.length === 0 ? undefined : producer.addPartitions(added.map(([, at]) => at)),
      this.#hasOffsets ? undefined : producer.addOffsets(groupId),
    ]);
    const failure = worst(failures);
    if (failure !== undefined) return failure;
    this.#hasOffsets = true;
    for (const [key] of added) this.#added.add(key);
    return producer.produce(sent.map(({ records }) => records));
  }

  async #commitOnce(offsets: readonly OffsetToCommit[]): Promise<TransactionFailure | undefined> {
    const { producer, groupId, clock } = this.#options;
    this.#state = 'open';
    this.#beganAt ??= clock.now();
    if (offsets.length > 0) {
      if (!this.#hasOffsets) {
        const failure = await producer.addOffsets(groupId);
        if (failure !== undefined) return failure;
        this.#hasOffsets = true;
      }
      const failure = await producer.commitOffsets(groupId, offsets);
      if (failure !== undefined) return failure;
    }
    this.#state = 'ending';
    return producer.end('committed');
  }

  /**
   * Where the outcome of something is not known: takes a new epoch and does it again, in all for
   * `retryTimeoutMs`.
   */
  async #recovered(
    first: TransactionFailure | undefined,
    again: () => Promise<TransactionFailure | undefined>,
  ): Promise<void> {
    const { clock, retryTimeoutMs } = this.#options;
    const failingSince = clock.now();
    for (let failure = first; failure !== undefined; failure = await again()) {
      if (failure.outcome === 'refused' || clock.now() - failingSince >= retryTimeoutMs) throw failure.error;
      await this.#recover(failure);
    }
  }

  async #recover({ error }: TransactionFailure): Promise<void> {
    const { logger, producer } = this.#options;
    logger.warn(
      'The outcome of a request of a transaction is not known; its transactional id gets a new epoch',
      {
        transactionalId: producer.transactionalId,
        state: this.#state,
        error: error.message,
      },
    );
    this.#report('recovered');
    await this.#renew();
  }

  /** Takes a new epoch, as the owner of now. @throws FencedError */
  async #renew(): Promise<void> {
    const { producer, guard } = this.#options;
    this.#state = 'recovering';
    // Whoever asks for an epoch and is not the owner any more aborts the transaction of who is.
    await guard.checkNow();
    const failure = await producer.init('owner');
    if (failure?.outcome === 'fenced') {
      this.#state = 'fenced';
      throw this.#fenced(failure.error);
    }
    if (failure !== undefined) throw failure.error;
    this.#state = 'idle';
    this.#forget();
  }

  /** Whether a transaction that may have been committed was: its offsets tell. */
  async #areCommitted(offsets: readonly OffsetToCommit[]): Promise<boolean> {
    if (offsets.length === 0) {
      throw new LifecycleError(
        'Whether a transaction was committed cannot be known: it held records, and no offsets, since the log of its batch was replaced',
      );
    }
    const found = await this.#options.offsets.fetch(offsets, { stable: true });
    return offsets.every(({ offset }, at) => found[at]?.offset === offset);
  }

  /** Of the transaction before: the next one begins with nothing. */
  #forget(): void {
    this.#added.clear();
    this.#hasOffsets = false;
    this.#beganAt = undefined;
  }

  #report(outcome: 'committed' | 'aborted' | 'recovered'): void {
    const { reports, clock } = this.#options;
    reports.transaction(outcome, clock.now() - (this.#beganAt ?? clock.now()));
  }

  #fenced(cause?: unknown): FencedError {
    const { producer, partition } = this.#options;
    return new FencedError(
      `Another process has taken over partition ${partition}: transactional id ${producer.transactionalId} has another owner. ` +
        'What this run had not committed is aborted, and the other one processes it.',
      cause === undefined ? {} : { cause },
    );
  }
}

/** What the transactions of an input partition work with. */
export interface TransactionOptions {
  readonly partition: number;
  readonly groupId: string;
  readonly producer: TransactionalProducer;
  readonly offsets: Pick<GroupOffsets, 'fetch'>;
  readonly guard: OwnershipGuard;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly commitTimeoutMs: number;
  readonly retryTimeoutMs: number;
  readonly reports: Pick<RunReports, 'transaction'>;
}

/** Of requests that went out together: a refusal ends the batch, whatever became of the other. */
function worst(failures: readonly (TransactionFailure | undefined)[]): TransactionFailure | undefined {
  const failed = failures.filter((failure) => failure !== undefined);
  return failed.find(({ outcome }) => outcome === 'refused') ?? failed[0];
}
