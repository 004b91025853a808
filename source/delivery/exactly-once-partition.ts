import { stillOwned, type OwnershipGuard } from '../assignment/ownership-guard.ts';
import { metadataFor, type CommitMetadata } from '../config/commit-metadata.ts';
import type { OffsetToCommit } from '../kafka/group-offsets.ts';
import type { StartPosition } from '../kafka/log-position.ts';
import type { TransactionalProducer } from '../kafka/transactions.ts';
import type { Clock } from '../kernel/clock.ts';
import { CommitError, type KasperError, LifecycleError } from '../kernel/errors.ts';
import { toKasperError } from '../kernel/to-kasper-error.ts';
import type { RunReports } from '../run-reports.ts';
import { commitFailure } from './commit-failure.ts';
import { CommitWaiters } from './commit-waiters.ts';
import type { BatchDelivery, DecidedPosition, FinishedWork, PartitionDelivery } from './delivery.ts';
import { ExactlyOnceBatch } from './exactly-once-batch.ts';
import type { Transaction } from './transaction.ts';

/**
 * The outputs and positions of one input partition, by its own transactions. All that it does is
 * done in the order in which it was asked for: sending, committing, and positions that moved without
 * records.
 */
export class ExactlyOncePartition implements PartitionDelivery {
  readonly overlapsFlush = true;
  readonly #options: ExactlyOncePartitionOptions;
  /** The end of all that was asked for; never rejects. */
  #turn: Promise<void> = Promise.resolve();
  /** What was asked for and is not done. */
  #waiting = 0;
  /** Positions alone that are the last that was asked for, and have not begun. */
  #last: Map<string, StartPosition> | undefined;
  /** Positions alone whose turn came while a transaction was open: they go with it. */
  readonly #held = new Map<string, StartPosition>();
  /** The newest position of each topic that was asked for. */
  readonly #offered = new Map<string, StartPosition>();
  /** How often each topic is in what is not done. */
  readonly #unstored = new Map<string, number>();
  readonly #committed = new Map<string, number>();
  readonly #movedAt = new Map<string, number>();
  #openRecords = 0;
  #openBatches = 0;
  readonly #waiters = new CommitWaiters();
  #failure: KasperError | undefined;
  #closed = false;

  constructor(options: ExactlyOncePartitionOptions) {
    this.#options = options;
  }

  /** Takes the transactional id, so that its former owner can commit nothing more. */
  take(): Promise<void> {
    return this.#options.transaction.take();
  }

  /** Takes over the positions at which reading starts; those that are not committed will be. */
  start(positions: readonly DecidedPosition[]): void {
    for (const position of positions) {
      if (!position.isCommitted) continue;
      this.#offered.set(position.topic, position);
      this.#committed.set(position.topic, position.offset);
    }
    this.#offer(positions.filter(({ isCommitted }) => !isCommitted));
  }

  /** Commits every position again: offsets of a group without members, and the id, would expire. */
  refresh(): void {
    this.#offer([...this.#offered.values()]);
  }

  committed(topic: string): number | undefined {
    return this.#committed.get(topic);
  }

  movedAt(topic: string): number | undefined {
    return this.#movedAt.get(topic);
  }

  begin(): BatchDelivery {
    const { producer, transaction } = this.#options;
    return new ExactlyOnceBatch({
      producer,
      inTurn: (work) => this.#inTurn(work),
      send: (records, by) => transaction.send(records, by),
      drop: (by) => {
        // Where it fails nothing more can be sent, and whoever sends is told.
        this.#inTurn(() => transaction.drop(by)).catch((error: unknown) => {
          this.#fail(toCommitError(error));
        });
      },
      check: () => {
        transaction.throwIfBroken();
      },
      commit: (work, onCommitted) => this.#commit(work, onCommitted),
    });
  }

  hasRoom(records: number): boolean {
    const open = this.#openRecords;
    return open === 0 || open + records <= this.#options.maxUncommittedRecords || this.#closed;
  }

  room(records: number): Promise<void> {
    return this.#waiters.until(() => this.hasRoom(records));
  }

  advance(positions: readonly StartPosition[]): void {
    this.#offer(positions.filter(({ topic, offset }) => (this.#offered.get(topic)?.offset ?? -1) < offset));
  }

  rewind(position: StartPosition): void {
    this.#offer([position]);
  }

  acked(): Promise<void> {
    return this.#waiters.until(() => this.#openBatches === 0);
  }

  stored(topic: string): Promise<void> {
    return this.#waiters.until(() => !this.#unstored.has(topic));
  }

  /** Resolves when all that was asked for is done. @throws the first failure then */
  settled(): Promise<void> {
    return this.#waiters.settled(() => this.#waiting === 0);
  }

  /** Aborts what is open, when what is under way is done. */
  async abort(): Promise<void> {
    await this.#turn;
    await this.#options.transaction.abort();
  }

  close(): void {
    this.#closed = true;
    this.#waiters.close();
  }

  /** @param committed called when it is, before what is to be recorded then */
  #commit(work: FinishedWork, committed: () => void): Promise<void> | undefined {
    const { records, durables } = work;
    const positions = work.positions();
    this.#openRecords += records;
    this.#openBatches++;
    for (const position of positions) this.#offered.set(position.topic, position);
    this.#count(positions, 1);
    this.#last = undefined;
    const done = this.#inTurn(async () => {
      const offsets = new Map(this.#held);
      for (const position of positions) offsets.set(position.topic, position);
      await this.#commitNow([...offsets.values()]);
      this.#count([...this.#held.values()], -1);
      this.#held.clear();
      this.#count(positions, -1);
      committed();
      for (const record of durables) {
        await stillOwned(this.#options.guard);
        await record();
      }
      this.#openRecords -= records;
      this.#openBatches--;
      work.onCommitted();
    });
    // The batch waits for what must be recorded, and then reports itself what has failed.
    const isAwaited = durables.length > 0;
    done.catch((error: unknown) => {
      this.#fail(toCommitError(error), { isReported: isAwaited });
    });
    return isAwaited ? done : undefined;
  }

  /** Commits positions alone, unless a transaction is open in their turn. */
  #offer(positions: readonly StartPosition[]): void {
    if (positions.length === 0 || this.#closed) return;
    const isNew = this.#last === undefined;
    const last = (this.#last ??= new Map<string, StartPosition>());
    for (const position of positions) {
      if (!last.has(position.topic)) this.#count([position], 1);
      last.set(position.topic, position);
      this.#offered.set(position.topic, position);
    }
    if (!isNew) return;
    this.#inTurn(async () => {
      if (this.#last === last) this.#last = undefined;
      if (this.#options.transaction.isOpen) {
        for (const position of last.values()) {
          if (this.#held.has(position.topic)) this.#count([position], -1);
          this.#held.set(position.topic, position);
        }
        return;
      }
      await this.#commitNow([...last.values()]);
      this.#count([...last.values()], -1);
    }).catch((error: unknown) => {
      this.#fail(toCommitError(error));
    });
  }

  async #commitNow(positions: readonly StartPosition[]): Promise<void> {
    const { guard, transaction, commitTimeoutMs, reports, clock, commitMetadata } = this.#options;
    await stillOwned(guard);
    try {
      await transaction.commit(positions.map((position) => toCommit(position, commitMetadata)));
    } catch (thrown) {
      const error = toCommitError(thrown);
      if (error.code === 'FENCED') throw error;
      const failed = positions.map(({ topic, partition, offset }) => ({ topic, partition, offset, error }));
      reports.refused(failed);
      throw commitFailure(failed, [], commitTimeoutMs);
    }
    const now = clock.now();
    for (const { topic, offset } of positions) {
      if (this.#committed.get(topic) !== offset) this.#movedAt.set(topic, now);
      this.#committed.set(topic, offset);
    }
  }

  /** Does it after all that was asked for before. @throws the first failure before it */
  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#waiting++;
    const done = this.#turn.then(async () => {
      try {
        if (this.#failure !== undefined) throw this.#failure;
        if (this.#closed) throw new LifecycleError('The run has ended: nothing more is sent or committed');
        await work();
      } finally {
        this.#waiting--;
      }
    });
    this.#turn = done.then(
      () => {
        this.#waiters.look();
      },
      () => {
        this.#waiters.look();
      },
    );
    return done;
  }

  /** How often topics are in what is not done. */
  #count(positions: readonly StartPosition[], by: 1 | -1): void {
    for (const { topic } of positions) {
      const count = (this.#unstored.get(topic) ?? 0) + by;
      if (count === 0) this.#unstored.delete(topic);
      else this.#unstored.set(topic, count);
    }
  }

  /** Nothing more of this partition can be committed. */
  #fail(error: KasperError, { isReported = false } = {}): void {
    if (this.#closed) return;
    this.#failure ??= error;
    this.#waiters.fail(error);
    this.#waiters.look();
    if (!isReported) this.#options.reports.failed(error);
  }
}

/** What a partition's deliveries work with. */
export interface ExactlyOncePartitionOptions {
  readonly producer: TransactionalProducer;
  readonly transaction: Transaction;
  readonly guard: OwnershipGuard;
  readonly clock: Clock;
  readonly maxUncommittedRecords: number;
  readonly commitTimeoutMs: number;
  readonly commitMetadata: CommitMetadata;
  readonly reports: Pick<RunReports, 'refused' | 'failed'>;
}

function toCommit(position: StartPosition, commitMetadata: CommitMetadata): OffsetToCommit {
  const { topic, partition, offset, leaderEpoch } = position;
  return { topic, partition, offset, leaderEpoch, metadata: metadataFor(commitMetadata, position) };
}

function toCommitError(error: unknown): KasperError {
  return toKasperError(error, (text, options) => new CommitError(text, options));
}
