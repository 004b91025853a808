import type { TopicPartition } from '../kernel/topic-partition.ts';

/** What a reader sees of transactions: only committed ones, or everything. */
export type Isolation = 'read_committed' | 'read_uncommitted';

/** A place in a log that the broker can be asked for. */
export type OffsetSpec = 'earliest' | 'latest' | { readonly timestamp: number };

/** An offset of one partition. */
export interface PartitionOffset extends TopicPartition {
  readonly offset: number;
}

/** Where reading starts; `leaderEpoch` is that of the last record before it, -1 if not known. */
export interface StartPosition extends PartitionOffset {
  readonly leaderEpoch: number;
}

/** Where the log of a leader epoch ends; undefined where the leader knows no such epoch. */
export interface EpochEnd extends TopicPartition {
  readonly endOffset: number | undefined;
}
