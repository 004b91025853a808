import type { ClaimGuard } from '../assignment/ownership-guard.ts';
import { backoffMs } from '../kernel/backoff.ts';
import type { Clock, Timer } from '../kernel/clock.ts';
import { CommitError, type KasperError } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { metadataFor, type CommitMetadata } from '../config/commit-metadata.ts';
import type { CommitResult, GroupOffsets, OffsetToCommit, StartPosition } from '../kafka/client.ts';
import { keyOf } from '../kernel/topic-partition.ts';
import { toKasperError } from '../kernel/to-kasper-error.ts';

/** What is committed; the metadata is added when it is sent. */
type Position = StartPosition;

/** A batch, all of whose records are done: what to commit, and what waits for the ack. */
export interface DoneWork {
  /** The input partition; work of one partition is acked in order. */
  readonly partition: number;
  readonly positions: readonly Position[];
  readonly records: number;
  /** Called once when all positions are committed. Must not throw. */
  readonly onCommitted?: () => void;
}

export interface OffsetCommitterOptions {
  readonly offsets: GroupOffsets;
  /** Asked before each request; when it rejects, nothing more is committed. */
  readonly guard: ClaimGuard;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly commitTimeoutMs: number;
  readonly offsetRefreshMs: number;
  readonly commitMetadata: CommitMetadata;
  /** Told of positions that a request did not commit, also where they are tried again. Must not throw. */
  readonly onRefused?: (failed: readonly CommitResult[]) => void;
  /** Called when offsets cannot be committed: once, and again if others fail while the rest is still being committed. */
  readonly onFailed: (error: CommitError) => void;
}

interface Waiting {
  readonly position: Position;
  /** When this partition's commits began to fail; undefined while they do not. */
  failingSince: number | undefined;
}

/**
 * Commits offsets of all partitions, pipelined: one request in flight; the next takes all that was offered meanwhile, the newest offset of each
 * topic-partition. Forward only. A commit that fails is retried with the newest offsets until `commitTimeoutMs` is over; then that topic-partition is given
 * up, and what is finished of the others is still committed.
 */
export class OffsetCommitter {
  readonly #options: OffsetCommitterOptions;
  readonly #waiting = new Map<string, Waiting>();
  /** The highest offset offered, per topic-partition: what is lower is stale. */
  readonly #offered = new Map<string, Position>();
  readonly #committed = new Map<string, number>();
  /** When the committed offset moved last, on the monotonic clock. */
  readonly #movedAt = new Map<string, number>();
  /** Topic-partitions that were given up. */
  readonly #dead = new Set<string>();
  /** Work not acked yet, per input partition, oldest first. */
  readonly #open = new Map<number, DoneWork[]>();
  #listeners: {
    readonly isDone: () => boolean;
    readonly alsoFailed: boolean;
    readonly resolve: () => void;
    readonly reject: (error: Error) => void;
  }[] = [];
  /** Offsets of the request under way. */
  readonly #inFlight = new Map<string, number>();
  #attempt = 0;
  #retryTimer: Timer | undefined;
  #refreshTimer: Timer | undefined;
  #failure: CommitError | undefined;
  #isUnsure = false;
  #closed = false;

  constructor(options: OffsetCommitterOptions) {
    this.#options = options;
  }

  /** Records that are done and not acked yet, of one input partition. */
  openRecords(partition: number): number {
    let records = 0;
    for (const work of this.#open.get(partition) ?? []) records += work.records;
    return records;
  }

  /** Whether `records` more may be open in a partition: within `maxRecords`, or nothing else is. */
  hasRoom(partition: number, records: number, maxRecords: number): boolean {
    const open = this.openRecords(partition);
    return open === 0 || open + records <= maxRecords || this.#closed;
  }

  /** The offset that the broker has stored, as far as this run knows. */
  committed(topic: string, partition: number): number | undefined {
    return this.#committed.get(keyOf({ topic, partition }));
  }

  /** When the committed offset moved last, on the monotonic clock; undefined if it has not moved in this run. */
  movedAt(topic: string, partition: number): number | undefined {
    return this.#movedAt.get(keyOf({ topic, partition }));
  }

  /** Takes over what the group has committed already, so that it is known and refreshed. */
  adopt(position: Position): void {
    const key = keyOf(position);
    this.#offered.set(key, position);
    this.#committed.set(key, position.offset);
  }

  /** Begins to commit every owned position again each `offsetRefreshMs`, since offsets of a group without members expire. */
  startRefresh(): void {
    this.#refreshTimer = this.#options.clock.after(this.#options.offsetRefreshMs, () => {
      for (const position of this.#offered.values()) this.#enqueue(position);
      this.#send();
      this.startRefresh();
    });
  }

  /** Commits soon; {@link acked}, {@link settled} and {@link room} tell when. */
  offer(work: DoneWork): void {
    if (this.#closed) return;
    const queue = this.#open.get(work.partition);
    if (queue === undefined) this.#open.set(work.partition, [work]);
    else queue.push(work);
    for (const position of work.positions) {
      const key = keyOf(position);
      const before = this.#offered.get(key);
      if (before !== undefined && before.offset > position.offset) continue;
      this.#offered.set(key, position);
      const upcoming =
        this.#waiting.get(key)?.position.offset ?? this.#inFlight.get(key) ?? this.#committed.get(key);
      if (upcoming !== position.offset) this.#enqueue(position);
    }
    this.#sweep(work.partition);
    this.#send();
  }

  /** Commits positions that may lie before the last ones, in one request: of a start, a seek, or a reset after out of range. */
  rewind(...positions: readonly Position[]): void {
    for (const position of positions) this.#rewindOne(position);
    this.#send();
  }

  #rewindOne(position: Position): void {
    const { topic, partition, offset } = position;
    this.#offered.set(keyOf({ topic, partition }), position);
    const open = this.#open.get(partition) ?? [];
    // Offsets past it will not be committed any more: that work is acked with this position.
    this.#open.set(
      partition,
      open.map((work) => ({
        ...work,
        positions: work.positions.map((each) =>
          each.topic === topic && each.offset > offset ? position : each,
        ),
      })),
    );
    this.#enqueue(position);
  }

  /** Resolves when all that was offered is acked. @throws CommitError when it cannot be, after the rest was */
  settled(): Promise<void> {
    return this.#until(() => this.#inFlight.size === 0 && this.#waiting.size === 0, true);
  }

  /** Resolves when there {@link hasRoom}. @throws CommitError */
  room(partition: number, records: number, maxRecords: number): Promise<void> {
    return this.#until(() => this.hasRoom(partition, records, maxRecords));
  }

  /** Resolves when all work of one partition is acked. @throws CommitError */
  acked(partition: number): Promise<void> {
    return this.#until(() => (this.#open.get(partition)?.length ?? 0) === 0);
  }

  /** Resolves when the newest position of one topic-partition is stored. @throws CommitError */
  stored(topic: string, partition: number): Promise<void> {
    const key = keyOf({ topic, partition });
    return this.#until(() => !this.#waiting.has(key) && !this.#inFlight.has(key));
  }

  /** Whether it was closed: what waited for a commit then was let go without one. */
  get isClosed(): boolean {
    return this.#closed;
  }

  /** Stops all timers; nothing more is committed, and nobody waits any longer. */
  close(): void {
    this.#closed = true;
    this.#retryTimer?.cancel();
    this.#refreshTimer?.cancel();
    this.#waiting.clear();
    this.#notify();
  }

  #enqueue(position: Position): void {
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

  /** Whether the partitions are still ours must be read first. If they are not, the guard tells the run; here nobody waits any longer. */
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
  async #commit(positions: readonly Position[]): Promise<CommitResult[]> {
    const { offsets, commitMetadata } = this.#options;
    const results = new Map<Position, CommitResult>();
    const sent: OffsetToCommit[] = [];
    const sentFor: Position[] = [];
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
        return;
      }
      const since = failingSince ?? now;
      if (!result.error.retriable || now - since >= this.#options.commitTimeoutMs) {
        givenUp.push(result);
        this.#dead.add(key);
        this.#waiting.delete(key);
        return;
      }
      retried.push(result);
      if (newer === undefined) this.#waiting.set(key, { position, failingSince: since });
      else newer.failingSince = since;
    });
    if (retried.length + givenUp.length > 0) this.#options.onRefused?.([...retried, ...givenUp]);
    if (retried.length > 0) this.#retryLater(retried);
    else this.#attempt = 0;
    for (const partition of this.#open.keys()) this.#sweep(partition);
    if (givenUp.length > 0) this.#fail(givenUp, stored);
    this.#notify();
    this.#send();
  }

  #retryLater(failed: readonly CommitResult[]): void {
    const waitMs = backoffMs({ initialMs: 50, maxMs: 1000 }, this.#attempt++);
    this.#options.logger.warn('Offsets could not be committed yet; trying again', {
      partitions: failed.map(({ topic, partition }) => `${topic}/${partition}`),
      attempt: this.#attempt,
      error: failed[0]?.error?.message,
    });
    this.#retryTimer = this.#options.clock.after(waitMs, () => {
      this.#retryTimer = undefined;
      this.#send();
    });
  }

  #fail(failed: readonly CommitResult[], stored: readonly CommitResult[]): void {
    const cause =
      failed.find(({ error }) => error !== undefined && !error.retriable)?.error ?? failed[0]?.error;
    const name = ({ topic, partition, offset }: CommitResult) => `${topic}/${partition} at ${offset}`;
    const error = new CommitError(
      `Offsets could not be committed for ${failed.map(name).join(', ')}` +
        (cause?.retriable === true ? ` within commitTimeoutMs (${this.#options.commitTimeoutMs} ms)` : '') +
        `: ${cause?.message ?? 'no answer'}. ` +
        (stored.length === 0
          ? 'Nothing of that request was stored'
          : `Stored of that request: ${stored.map(name).join(', ')}`) +
        '. Records after the committed offsets will be processed again.',
      { cause, failed: failed.map(plain), stored: stored.map(plain) },
    );
    this.#failure ??= error;
    this.#options.onFailed(error);
  }

  /** Acks work of a partition, oldest first, whose positions are all committed. */
  #sweep(partition: number): void {
    const queue = this.#open.get(partition);
    while (queue?.[0] !== undefined) {
      const { positions, onCommitted } = queue[0];
      const isAcked = positions.every(
        ({ topic, partition: of, offset }) =>
          (this.#committed.get(keyOf({ topic, partition: of })) ?? -1) >= offset,
      );
      if (!isAcked) return;
      queue.shift();
      onCommitted?.();
    }
  }

  /** @param alsoFailed whether to wait on after a failure, before it is thrown */
  #until(isDone: () => boolean, alsoFailed = false): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#listeners.push({ isDone, alsoFailed, resolve, reject });
      this.#notify();
    });
  }

  #notify(): void {
    const failure = this.#failure;
    this.#listeners = this.#listeners.filter(({ isDone, alsoFailed, resolve, reject }) => {
      const done = isDone() || this.#closed;
      if (failure !== undefined && (done || !alsoFailed)) reject(failure);
      else if (done) resolve();
      else return true;
      return false;
    });
  }
}

function plain({ topic, partition, offset }: CommitResult): {
  topic: string;
  partition: number;
  offset: number;
} {
  return { topic, partition, offset };
}

function failed({ topic, partition, offset }: Position, error: KasperError): CommitResult {
  return { topic, partition, offset, error };
}

function noAnswer(): CommitError {
  return new CommitError('the broker gave no answer for this partition');
}

function toCommitError(error: unknown): KasperError {
  return toKasperError(error, (text, options) => new CommitError(text, options));
}
