import { keyOf, type TopicPartition } from '../../../kernel/topic-partition.ts';
import type { StartPosition } from '../../log-position.ts';
import type { PartitionReader } from '../../source.ts';

/**
 * One topic-partition as a source reads it, from `add` until `remove`. One that is added again is
 * another object, so nothing that was asked for under the old one reaches the new reader.
 */
export class FetchPosition implements TopicPartition {
  readonly topic: string;
  readonly partition: number;
  /** `orders/3` */
  readonly key: string;
  /** Takes what is read. */
  readonly reader: PartitionReader;
  /** Raised by each seek: what was asked for under an older one is dropped. */
  epoch = 1;
  /** The next offset to ask for. */
  offset: number;
  /** The epoch of the leader that is asked, from the metadata. */
  leaderEpoch = -1;
  /** The epoch in which the last record before the offset was written; -1 if not known. */
  readEpoch: number;
  paused = false;
  /**
   * Once it has failed (this was reported to its reader) or was removed, nothing more is delivered.
   */
  state: 'read' | 'failed' | 'removed' = 'read';
  /** Since when, on the monotonic clock, nothing but failures came; undefined after a success. */
  failingSince: number | undefined;
  /** Failures since the last success. */
  attempts = 0;

  constructor(start: StartPosition, reader: PartitionReader) {
    this.topic = start.topic;
    this.partition = start.partition;
    this.key = keyOf(start);
    this.offset = start.offset;
    this.readEpoch = start.leaderEpoch;
    this.reader = reader;
  }

  get isRead(): boolean {
    return this.state === 'read';
  }

  /** Continues at an offset that was chosen, independent of the records before it. */
  moveTo(offset: number): void {
    this.offset = offset;
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
  readonly position: FetchPosition;
  readonly epoch: number;
  readonly offset: number;
  readonly leaderEpoch: number;
}
