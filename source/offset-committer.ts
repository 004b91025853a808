import { backoffMs } from './kernel/backoff.ts';
import type { Clock, Timer } from './kernel/clock.ts';
import { CommitError, KasperError } from './kernel/errors.ts';
import type { Logger } from './kernel/logger.ts';
import type { CommitResult, GroupOffsets, OffsetToCommit } from './kafka/client.ts';

/** A batch, all of whose records are done: what to commit, and what waits for the ack. */
export interface DoneWork {
  /** The input partition; work of one partition is acked in order. */
  readonly partition: number;
  readonly positions: readonly Omit<OffsetToCommit, 'metadata'>[];
  readonly records: number;
  /** Called once when all positions are committed. Must not throw. */
  readonly onCommitted?: () => void;
}

export interface OffsetCommitterOptions {
  readonly offsets: GroupOffsets;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly commitTimeoutMs: number;
  readonly offsetRefreshMs: number;
  /** Called once, when offsets cannot be committed. */
  readonly onFailed: (error: CommitError) => void;
}

interface Waiting {
  readonly position: Omit<OffsetToCommit, 'metadata'>;
  /** When this partition's commits began to fail; undefined while they do not. */
  failingSince: number | undefined;
}

/**
 * Commits offsets of all partitions, pipelined: one request in flight; the next takes all that was offered meanwhile, the newest offset of each
 * topic-partition. Forward only. A commit that fails is retried with the newest offsets until `commitTimeoutMs` is over.
 */
export class OffsetCommitter {
  readonly #options: OffsetCommitterOptions;
  readonly #waiting = new Map<string, Waiting>();
  /** The highest offset offered, per topic-partition: what is lower is stale. */
  readonly #offered = new Map<string, Omit<OffsetToCommit, 'metadata'>>();
  readonly #committed = new Map<string, number>();
  /** Work not acked yet, per input partition, oldest first. */
  readonly #open = new Map<number, DoneWork[]>();
  #listeners: {
    readonly isDone: () => boolean;
    readonly resolve: () => void;
    readonly reject: (error: Error) => void;
  }[] = [];
  #inFlight = false;
  #attempt = 0;
  #retryTimer: Timer | undefined;
  #refreshTimer: Timer | undefined;
  #failure: CommitError | undefined;
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

  /** The offset that the broker has stored, as far as this run knows. */
  committed(topic: string, partition: number): number | undefined {
    return this.#committed.get(keyOf(topic, partition));
  }

  /** Takes over what the group has committed already, so that it is known and refreshed. */
  adopt(position: Omit<OffsetToCommit, 'metadata'>): void {
    const key = keyOf(position.topic, position.partition);
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
      const key = keyOf(position.topic, position.partition);
      const before = this.#offered.get(key);
      if (before !== undefined && before.offset > position.offset) continue;
      this.#offered.set(key, position);
      if (this.#committed.get(key) !== position.offset) this.#enqueue(position);
    }
    this.#sweep(work.partition);
    this.#send();
  }

  /** Commits a position that may lie before the last one: a seek, or a reset after out of range. */
  rewind(position: Omit<OffsetToCommit, 'metadata'>): void {
    this.#offered.set(keyOf(position.topic, position.partition), position);
    this.#enqueue(position);
    this.#send();
  }

  /** Resolves when all that was offered is acked. @throws CommitError when it cannot be */
  settled(): Promise<void> {
    return this.#until(() => !this.#inFlight && this.#waiting.size === 0);
  }

  /** Resolves when `records` more may be open in a partition: within `maxRecords`, or nothing else is. @throws CommitError */
  room(partition: number, records: number, maxRecords: number): Promise<void> {
    return this.#until(() => {
      const open = this.openRecords(partition);
      return open === 0 || open + records <= maxRecords;
    });
  }

  /** Resolves when all work of one partition is acked. @throws CommitError */
  acked(partition: number): Promise<void> {
    return this.#until(() => (this.#open.get(partition)?.length ?? 0) === 0);
  }

  /** Stops all timers; nothing more is committed. */
  close(): void {
    this.#closed = true;
    this.#retryTimer?.cancel();
    this.#refreshTimer?.cancel();
    this.#waiting.clear();
  }

  #enqueue(position: Omit<OffsetToCommit, 'metadata'>): void {
    const key = keyOf(position.topic, position.partition);
    this.#waiting.set(key, { position, failingSince: this.#waiting.get(key)?.failingSince });
  }

  #send(): void {
    if (this.#inFlight || this.#retryTimer !== undefined || this.#waiting.size === 0 || this.#closed) return;
    if (this.#failure !== undefined) return;
    const request = [...this.#waiting.entries()];
    this.#waiting.clear();
    this.#inFlight = true;
    const offsets = request.map(([, { position }]) => ({ ...position, metadata: '' }));
    this.#options.offsets.commit(offsets).then(
      (results) => {
        this.#answered(request, (at) => results[at] ?? missing(offsets[at]));
      },
      (error: unknown) => {
        const cause = toKasperError(error);
        this.#answered(request, (at) => ({ ...(offsets[at] as OffsetToCommit), error: cause }));
      },
    );
  }

  #answered(request: readonly [string, Waiting][], resultAt: (at: number) => CommitResult): void {
    this.#inFlight = false;
    if (this.#closed) return;
    const now = this.#options.clock.now();
    const stored: CommitResult[] = [];
    const failed: CommitResult[] = [];
    let mustRetry = false;
    let isOver = false;
    request.forEach(([key, { position, failingSince }], at) => {
      const result = resultAt(at);
      if (result.error === undefined) {
        stored.push(result);
        this.#committed.set(key, position.offset);
        const newer = this.#waiting.get(key);
        if (newer !== undefined) newer.failingSince = undefined;
        return;
      }
      failed.push(result);
      const since = failingSince ?? now;
      if (!result.error.retriable || now - since >= this.#options.commitTimeoutMs) isOver = true;
      mustRetry = true;
      const newer = this.#waiting.get(key);
      if (newer === undefined) this.#waiting.set(key, { position, failingSince: since });
      else newer.failingSince = since;
    });
    if (isOver) {
      this.#fail(failed, stored);
      return;
    }
    if (mustRetry) this.#retryLater(failed);
    else this.#attempt = 0;
    for (const partition of this.#open.keys()) this.#sweep(partition);
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
    this.#failure = new CommitError(
      `Offsets could not be committed for ${failed.map(name).join(', ')}` +
        (cause?.retriable === true ? ` within commitTimeoutMs (${this.#options.commitTimeoutMs} ms)` : '') +
        `: ${cause?.message ?? 'no answer'}. ` +
        (stored.length === 0
          ? 'Nothing of that request was stored'
          : `Stored of that request: ${stored.map(name).join(', ')}`) +
        '. Records after the committed offsets will be processed again.',
      { cause, failed: failed.map(plain), stored: stored.map(plain) },
    );
    this.#notify();
    this.#options.onFailed(this.#failure);
  }

  /** Acks work of a partition, oldest first, whose positions are all committed. */
  #sweep(partition: number): void {
    const queue = this.#open.get(partition);
    while (queue?.[0] !== undefined) {
      const { positions, onCommitted } = queue[0];
      const isAcked = positions.every(
        ({ topic, partition: of, offset }) => (this.#committed.get(keyOf(topic, of)) ?? -1) >= offset,
      );
      if (!isAcked) return;
      queue.shift();
      onCommitted?.();
    }
  }

  #until(isDone: () => boolean): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (isDone()) return Promise.resolve();
    return new Promise((resolve, reject) => this.#listeners.push({ isDone, resolve, reject }));
  }

  #notify(): void {
    const failure = this.#failure;
    this.#listeners = this.#listeners.filter(({ isDone, resolve, reject }) => {
      if (failure !== undefined) reject(failure);
      else if (isDone()) resolve();
      else return true;
      return false;
    });
  }
}

function keyOf(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}

function plain({ topic, partition, offset }: CommitResult): {
  topic: string;
  partition: number;
  offset: number;
} {
  return { topic, partition, offset };
}

function missing(offset: OffsetToCommit | undefined): CommitResult {
  const { topic = '', partition = -1, offset: at = -1 } = offset ?? {};
  return {
    topic,
    partition,
    offset: at,
    error: new CommitError('the broker gave no answer for this partition'),
  };
}

function toKasperError(error: unknown): KasperError {
  return KasperError.is(error) ? error : new CommitError(String(error), { cause: error });
}
