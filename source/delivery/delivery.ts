import type { CommittedOffset } from '../kafka/group-offsets.ts';
import type { StartPosition } from '../kafka/log-position.ts';
import type { RecordSink } from '../kafka/sink.ts';
import type { TopicPartition } from '../kernel/topic-partition.ts';

/** How the outputs and the positions of a run become durable. */
export interface Delivery {
  /**
   * Reads where partitions that were gained were left (OffsetFetch); results in the order of
   * `partitions`.
   */
  open(partitions: readonly TopicPartition[]): Promise<CommittedOffset[]>;
  /**
   * Takes over the positions at which reading starts. Those that the group has not committed are
   * committed before this resolves, all together, so that a restart never decides them again.
   *
   * @throws CommitError
   */
  start(positions: readonly DecidedPosition[]): Promise<void>;
  /** The delivery of one input partition. */
  of(partition: number): PartitionDelivery;
  /** The offset that is committed, as far as this run knows. */
  committed(at: TopicPartition): number | undefined;
  /**
   * When the committed offset moved last, on the monotonic clock; undefined if it has not moved in
   * this run.
   */
  movedAt(at: TopicPartition): number | undefined;
  /**
   * Resolves when everything that was offered is committed. @throws CommitError when it cannot be,
   * after the rest was
   */
  settled(): Promise<void>;
  /** Waits for the records that are being sent, then sends no more. */
  closeSink(): Promise<void>;
  /** Whether {@link close} was called: what waited for a commit then was released without one. */
  readonly isClosed: boolean;
  /** Commits nothing more; nobody waits any longer. */
  close(): void;
}

/** A position at which reading starts. */
export interface DecidedPosition extends StartPosition {
  /** Whether this is the very position that the group has committed. */
  readonly isCommitted: boolean;
}

/** How the outputs and the positions of one input partition, of all its topics, become durable. */
export interface PartitionDelivery {
  /**
   * Whether a batch may be in process while the one before is being flushed.
   */
  readonly overlapsFlush: boolean;
  /** Begins a batch. */
  begin(): BatchDelivery;
  /**
   * Whether this many more records may be processed and not yet committed. One batch is always
   * allowed.
   */
  hasRoom(records: number): boolean;
  /** Resolves when there {@link hasRoom}. @throws CommitError */
  room(records: number): Promise<void>;
  /**
   * Commits positions that moved without records: past markers and gaps. Nothing before them is
   * unfinished.
   */
  advance(positions: readonly StartPosition[]): void;
  /**
   * Commits a position that may lie before the last one: of a seek, or of a reset after out of
   * range.
   */
  rewind(position: StartPosition): void;
  /** Resolves when all finished work is committed. @throws CommitError */
  acked(): Promise<void>;
  /** Resolves when the newest position of one topic is committed. @throws CommitError */
  stored(topic: string): Promise<void>;
}

/** How the results of one batch become durable. */
export interface BatchDelivery {
  /** Where the senders of its attempts put their records. */
  readonly sink: RecordSink;
  /** Whether its outputs and positions are committed, though {@link commit} has not resolved. */
  readonly isCommitted: boolean;
  /**
   * Step 2: sends what the attempts that count have sent. Resolves when each record is acked by all
   * in-sync replicas; undefined if nothing waits for an ack.
   *
   * @throws ProduceError
   */
  flush(outputs: readonly BatchOutput[]): Promise<void> | undefined;
  /**
   * Step 4: what must be recorded with the commit, then the positions; in a transaction, the other
   * way round. Resolves when the next batch may begin: when they are offered for the next commit
   * request, not when they are acked; undefined if they are offered already.
   *
   * @throws CommitError, FencedError, where it waits for the commit
   */
  commit(work: FinishedWork): Promise<void> | undefined;
}

/** What one attempt has sent. */
export interface BatchOutput {
  /** Records that were sent and are not acked. */
  readonly count: number;
  /** Sends it. */
  flushNow(): Promise<void>;
}

/** A batch whose outputs and stores are durable. */
export interface FinishedWork {
  readonly records: number;
  /**
   * What to commit. Asked for after durables that come before it: a log may be replaced while they
   * are awaited.
   */
  readonly positions: () => readonly StartPosition[];
  /**
   * What must be recorded with the commit, in order. Between the flush and the commit, where one that
   * fails prevents the commit; in a transaction after it.
   */
  readonly durables: readonly (() => void | Promise<void>)[];
  /** Called once, when all positions are committed. Must not throw. */
  readonly onCommitted: () => void;
}
