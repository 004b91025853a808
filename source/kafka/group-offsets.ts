import type { KasperError } from '../kernel/errors.ts';
import type { TopicPartition } from '../kernel/topic-partition.ts';
import type { PartitionOffset } from './log-position.ts';

/** Committed offsets of one consumer group, read and written as a simple consumer (no member). */
export interface GroupOffsets {
  /**
   * Reads committed offsets (OffsetFetch, several requests where there are thousands); results in
   * the order of `partitions`. Retriable failures are retried for `retryTimeoutMs`; with
   * `stable: true` also offsets that the end of a transaction may change.
   * @throws BrokerError, ConnectionError or TimeoutError after that
   */
  fetch(
    partitions: readonly TopicPartition[],
    options?: { readonly stable?: boolean },
  ): Promise<CommittedOffset[]>;
  /**
   * Reads all offsets that the group has committed (OffsetFetch for all topics), sorted by topic
   * and partition. Failures as in {@link fetch}.
   */
  fetchAll(): Promise<(CommittedOffset & PartitionOffset)[]>;
  /**
   * Commits offsets (OffsetCommit), each tried once: the caller retries, so that it can send newer
   * ones. One request for each part of them ({@link parts}), one after the other, all sent within
   * the deadline of one; where one is not answered, those after it are not sent. Resolves with one
   * result per entry, in order, each judged alone.
   * @throws ConnectionError, TimeoutError or BrokerError (all with `retriable`) where nothing was
   * answered
   */
  commit(offsets: readonly OffsetToCommit[]): Promise<CommitResult[]>;
  /**
   * Cuts offsets, in order, into what one request can hold: a coordinator takes some 6,000 of them,
   * or 200 with 4,000 bytes of metadata. For who must know what is stored together.
   */
  parts(offsets: readonly OffsetToCommit[]): (readonly OffsetToCommit[])[];
}

/** A committed offset as the group has it; `offset` is undefined where nothing was committed. */
export interface CommittedOffset extends TopicPartition {
  readonly offset: number | undefined;
  readonly leaderEpoch: number;
  readonly metadata: string;
}

/** An offset to commit: the next one to read. */
export interface OffsetToCommit extends PartitionOffset {
  /** Leader epoch of the last record before it, -1 if not known. */
  readonly leaderEpoch: number;
  readonly metadata: string;
}

/** The broker's answer for one partition of a commit; no error means stored. */
export interface CommitResult extends PartitionOffset {
  readonly error: KasperError | undefined;
}

/** A consumer group as its coordinator describes it. */
export interface GroupDescription {
  /** Kafka's word, such as 'Empty' or 'Stable'; 'Dead' for a group that does not exist. */
  readonly state: string;
  /** Empty until a member joins; 'consumer' after a consumer did, also when it has left. */
  readonly protocolType: string;
  readonly members: readonly GroupMember[];
}

/** A consumer that has joined a group, as the coordinator knows it. */
export interface GroupMember {
  readonly memberId: string;
  readonly clientId: string;
  /** The address from which it came. */
  readonly host: string;
}
