import type { StartPosition } from '../../client.ts';
import type { TopicPartition } from '../../../kernel/topic-partition.ts';

/** Where one partition of a source stands. */
export class PartitionReader implements TopicPartition {
  readonly topic: string;
  readonly partition: number;
  /** Raised by each seek: what was asked for under an older one is dropped. */
  epoch = 1;
  /** The next offset to ask for. */
  position: number;
  /** The epoch of the leader that is asked, from the metadata. */
  leaderEpoch = -1;
  /** The epoch in which the last record before the position was written; -1 if not known. */
  readEpoch: number;
  paused = false;
  /** Given up; the handler was told. */
  failed = false;
  /** Since when, on the monotonic clock, nothing but failures came; undefined after a success. */
  failingSince: number | undefined;
  /** Failures since the last success. */
  attempts = 0;

  constructor(start: StartPosition) {
    this.topic = start.topic;
    this.partition = start.partition;
    this.position = start.offset;
    this.readEpoch = start.leaderEpoch;
  }

  /** Goes on from an offset that was chosen, whatever stands before it. */
  moveTo(offset: number): void {
    this.position = offset;
    this.readEpoch = -1;
    this.succeeded();
  }

  succeeded(): void {
    this.failingSince = undefined;
    this.attempts = 0;
  }
}

/** What was asked for one partition. */
export interface AskedPartition {
  readonly reader: PartitionReader;
  readonly epoch: number;
  readonly offset: number;
  readonly leaderEpoch: number;
}
