import type { OwnershipGuard } from '../assignment/ownership-guard.ts';
import { backoffMs } from '../kernel/backoff.ts';
import type { Clock, Timer } from '../kernel/clock.ts';
import { CommitError, type KasperError } from '../kernel/errors.ts';
import { toKasperError } from '../kernel/to-kasper-error.ts';
import type { Logger } from '../kernel/logger.ts';
import { metadataFor, type CommitMetadata } from '../config/commit-metadata.ts';
import type { CommitResult, GroupOffsets, OffsetToCommit } from '../kafka/group-offsets.ts';
import type { StartPosition } from '../kafka/log-position.ts';
import { someOf } from '../kernel/some-of.ts';
import { FailingPartitions } from '../kafka/trouble.ts';
import { keyOf, type TopicPartition } from '../kernel/topic-partition.ts';
import type { RunReports } from '../run-reports.ts';
import { commitFailure } from './commit-failure.ts';
import { CommitWaiters } from './commit-waiters.ts';
import { OpenWork, type DoneWork } from './open-work.ts';

/**
 * Commits offsets of all partitions, pipelined: one request in flight; the next takes all that was
 * offered meanwhile, the newest offset of each topic-partition. Forward only. A commit that fails
 * is retried with the newest offsets until `commitTimeoutMs` is over; then that topic-partition is
 * given up, and what is finished of the others is still committed.
 */
export class OffsetCommitter {
  readonly #options: OffsetCommitterOptions;
  readonly #waiting = new Map<string, Waiting>();
  /** The highest offset offered, per topic-partition: what is lower is stale. */
  readonly #offered = new Map<string, StartPosition>();
  readonly #committed = new Map<string, number>();
  /** When the committed offset moved last, on the monotonic clock. */
  readonly #movedAt = new Map<string, number>();
  /** Topic-partitions whose commits are tried again. */
  readonly #failing = new Map<string, FailingCommit>();
  readonly #failingAll: FailingPartitions<FailingCommit>;
  /** Topic-partitions that were given up. */
  readonly #dead = new Set<string>();
  readonly #open = new OpenWork();
  readonly #waiters = new CommitWaiters();
  /** Offsets of the request in flight. */
  readonly #inFlight = new Map<string, number>();
  #attempt = 0;
  #retryTimer: Timer | undefined;
  #refreshTimer: Timer | undefined;
  #isUnsure = false;
  #closed = false;

  constructor(options: OffsetCommitterOptions) {
    this.#options = options;
    this.#failingAll = new FailingPartitions({
      verb: 'Committing',
      kind: 'commit',
      timeoutMs: options.commitTimeoutMs,
      reports: options.reports,
    });
  }

  /** Records that are done and not acked yet, of one input partition. */
  openRecords(partition: number): number {
    return this.#open.records(partition);
  }

  /** Whether `records` more may be open in a partition: within `maxRecords`, or nothing else is. */
  hasRoom(partition: number, records: number, maxRecords: number): boolean {
    const open = this.openRecords(partition);
    return open === 0 || open + records <= maxRecords || this.#closed;
  }

  /** The offset that the broker has stored, as far as this run knows. */
  committed(at: TopicPartition): number | undefined {
    return this.#committed.get(keyOf(at));
  }

  /**
   * When the committed offset moved last, on the monotonic clock; undefined if it has not moved in
   * this run.
   */
  movedAt(at: TopicPartition): number | undefined {
    return this.#movedAt.get(keyOf(at));
  }

  /** Takes over what the group has committed already, so that it is known and refreshed. */
  adopt(position: StartPosition): void {
    const key = keyOf(position);
    this.#offered.set(key, position);
    this.#committed.set(key, position.offset);
  }

  /**
   * Begins to commit every owned position again each `offsetRefreshMs`, since offsets of a group
   * without members expire.
   */
  startRefresh(): void {
    this.#refreshTimer = this.#options.clock.after(this.#options.offsetRefreshMs, () => {
      for (const position of this.#offered.values()) this.#enqueue(position);
      this.#send();
      this.startRefresh();
    });
  }

  /** Commits soon; {@link acked}, {@link settled} and {@link room} say when. */
  offer(work: DoneWork): void {
    if (this.#closed) return;
    this.#open.add(work);
    for (const position of work.positions) {
      const key = keyOf(position);
      const before = this.#offered.get(key);
      if (before !== undefined && before.offset > position.offset) continue;
      this.#offered.set(key, position);
      const upcoming =
        this.#waiting.get(key)?.position.offset ?? this.#inFlight.get(key) ?? this.#committed.get(key);
      if (upcoming !== position.offset) this.#enqueue(position);
    }
    this.#ack(work.partition);
    this.#send();
  }

  /**
   * Commits positions that may lie before the last ones, all together: of a start, a seek, or a
   * reset after out of range.
   */
  rewind(...positions: readonly StartPosition[]): void {
    for (const position of positions) {
      this.#offered.set(keyOf(position), position);
      this.#open.rewind(position);
      this.#enqueue(position);
    }
    this.#send();
  }

  /**
   * Resolves when all that was offered is acked. @throws CommitError when it cannot be, after the
   * rest was
   */
  settled(): Promise<void> {
    return this.#waiters.settled(() => this.#inFlight.size === 0 && this.#waiting.size === 0);
  }

  /** Resolves when there {@link hasRoom}. @throws CommitError */
  room(partition: number, records: number, maxRecords: number): Promise<void> {
    return this.#waiters.until(() => this.hasRoom(partition, records, maxRecords));
  }

  /** Resolves when all work of one partition is acked. @throws CommitError */
  acked(partition: number): Promise<void> {
    return this.#waiters.until(() => this.#open.isEmpty(partition));
  }

  /** Resolves when the newest position of one topic-partition is stored. @throws CommitError */
  stored(at: TopicPartition): Promise<void> {
    const key = keyOf(at);
    return this.#waiters.until(() => !this.#waiting.has(key) && !this.#inFlight.has(key));
  }

  /** Whether it was closed: what waited for a commit then was released without one. */
  get isClosed(): boolean {
    return this.#closed;
  }

  /** Stops all timers; nothing more is committed, and nobody waits any longer. */
  close(): void {
    this.#closed = true;
    this.#retryTimer?.cancel();
    this.#refreshTimer?.cancel();
    this.#waiting.clear();
    this.#failingAll.clear();
    this.#waiters.close();
  }

  #enqueue(position: StartPosition): void {
    const key = keyOf(position);
    if (this.#dead.has(key)) return;
    this.#waiting.set(key, { position, failingSince: this.#waiting.get(key)?.failingSince });
  }

  #send(): void {
    if (this.#inFlight.size > 0 || this.#retryTimer !== undefined || this.#waiting.size === 0) return;
    if (this.#closed || this.#isUnsure) return;
    const unsure = this.#options.guard.check();
    if (unsure !== undefined) {
      this.#sendAfter(unsure);
      return;
    }
    const request = [...this.#waiting.entries()];
    this.#waiting.clear();
    for (const [key, { position }] of request) this.#inFlight.set(key, position.offset);
    void this.#commit(request.map(([, { position }]) => position)).then((results) => {
      this.#answered(request, results);
    });
  }

  /**
   * Whether the partitions are still ours must be read first. If they are not, the guard reports it
   * to the run; here nobody waits any longer.
   */
  #sendAfter(unsure: Promise<void>): void {
    this.#isUnsure = true;
    unsure.then(
      () => {
        this.#isUnsure = false;
        this.#send();
      },
      () => {
        this.close();
      },
    );
  }

  /** One request, and what came of each position; never rejects. */
  async #commit(positions: readonly StartPosition[]): Promise<CommitResult[]> {
    const { offsets, commitMetadata } = this.#options;
    const results = new Map<StartPosition, CommitResult>();
    const sent: OffsetToCommit[] = [];
    const sentFor: StartPosition[] = [];
    for (const position of positions) {
      try {
        const { topic, partition, offset, leaderEpoch } = position;
        const metadata = metadataFor(commitMetadata, position);
        sent.push({ topic, partition, offset, leaderEpoch, metadata });
        sentFor.push(position);
      } catch (error) {
        results.set(position, failed(position, toCommitError(error)));
      }
    }
    try {
      const answers = sent.length === 0 ? [] : await offsets.commit(sent);
      sentFor.forEach((position, at) => results.set(position, answers[at] ?? failed(position, noAnswer())));
    } catch (error) {
      const cause = toCommitError(error);
      for (const position of sentFor) results.set(position, failed(position, cause));
    }
    return positions.map((position) => results.get(position) as CommitResult);
  }

  #answered(request: readonly [string, Waiting][], results: readonly CommitResult[]): void {
    this.#inFlight.clear();
    if (this.#closed) return;
    const now = this.#options.clock.now();
    const stored: CommitResult[] = [];
    const retried: CommitResult[] = [];
    const givenUp: CommitResult[] = [];
    request.forEach(([key, { position, failingSince }], at) => {
      const result = results[at] as CommitResult;
      const newer = this.#waiting.get(key);
      if (result.error === undefined) {
        stored.push(result);
        // A refresh commits the same offset again: that is no progress.
        if (this.#committed.get(key) !== position.offset) this.#movedAt.set(key, now);
        this.#committed.set(key, position.offset);
        if (newer !== undefined) newer.failingSince = undefined;
        this.#failsNoLonger(key);
        return;
      }
      const since = failingSince ?? now;
      if (!result.error.retriable || now - since >= this.#options.commitTimeoutMs) {
        givenUp.push(result);
        this.#dead.add(key);
        this.#waiting.delete(key);
        this.#failsNoLonger(key);
        return;
      }
      retried.push(result);
      this.#fails(key, { ...result, failingSince: since }, result.error);
      if (newer === undefined) this.#waiting.set(key, { position, failingSince: since });
      else newer.failingSince = since;
    });
    if (retried.length + givenUp.length > 0) this.#options.reports.refused([...retried, ...givenUp]);
    if (retried.length > 0) this.#retryLater(retried);
    else this.#attempt = 0;
    for (const partition of this.#open.partitions) this.#ack(partition);
    if (givenUp.length > 0) {
      const error = commitFailure(givenUp, stored, this.#options.commitTimeoutMs);
      this.#waiters.fail(error);
      this.#options.reports.failed(error);
    }
    this.#waiters.look();
    this.#send();
  }

  #fails(key: string, { topic, partition, failingSince }: FailingCommit, error: KasperError): void {
    const commit = this.#failing.get(key) ?? { topic, partition, failingSince };
    this.#failing.set(key, commit);
    this.#failingAll.add([commit], error);
  }

  #failsNoLonger(key: string): void {
    const commit = this.#failing.get(key);
    if (commit === undefined) return;
    this.#failing.delete(key);
    this.#failingAll.delete(commit);
  }

  #retryLater(failed: readonly CommitResult[]): void {
    const waitMs = backoffMs({ initialMs: 50, maxMs: 1000 }, this.#attempt++);
    this.#options.logger.warn('Offsets could not be committed yet; trying again', {
      partitions: someOf(failed.map(keyOf)),
      attempt: this.#attempt,
      error: failed[0]?.error?.message,
    });
    this.#retryTimer = this.#options.clock.after(waitMs, () => {
      this.#retryTimer = undefined;
      this.#send();
    });
  }

  #ack(partition: number): void {
    this.#open.ack(partition, (position) => (this.committed(position) ?? -1) >= position.offset);
  }
}

/** What a committer works with. */
export interface OffsetCommitterOptions {
  readonly offsets: GroupOffsets;
  /** Asked before each request; when it rejects, nothing more is committed. */
  readonly guard: OwnershipGuard;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly commitTimeoutMs: number;
  readonly offsetRefreshMs: number;
  readonly commitMetadata: CommitMetadata;
  /** `failed` is called once, and again if others fail while the rest is still being committed. */
  readonly reports: Pick<RunReports, 'refused' | 'failed' | 'onTrouble' | 'onTroubleOver'>;
}

/** A topic-partition whose commit failed, and since when it does. */
interface FailingCommit extends TopicPartition {
  readonly failingSince: number;
}

interface Waiting {
  readonly position: StartPosition;
  /** When this partition's commits began to fail; undefined while they do not. */
  failingSince: number | undefined;
}

function failed({ topic, partition, offset }: StartPosition, error: KasperError): CommitResult {
  return { topic, partition, offset, error };
}

function noAnswer(): CommitError {
  return new CommitError('the broker gave no answer for this partition');
}

function toCommitError(error: unknown): KasperError {
  return toKasperError(error, (text, options) => new CommitError(text, options));
}
