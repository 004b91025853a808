import type { Isolation } from '../../kafka/log-position.ts';
import type { ConsumerMessage } from '../../message.ts';

const FIRST_EPOCH = 7;

/**
 * The log of one partition: offsets without a message are markers, aborted records or compacted
 * gaps.
 */
export class FakeLog {
  readonly messages = new Map<number, ConsumerMessage>();
  start = 0;
  end = 0;
  /** The first offset of each leader epoch that began after the first one. */
  readonly epochStarts: number[] = [];
  /** The first offsets of open transactions, by whose they are. */
  readonly openFrom = new Map<unknown, number>();

  /** The first offset of an open transaction. */
  get stable(): number | undefined {
    return this.openFrom.size === 0 ? undefined : Math.min(...this.openFrom.values());
  }

  get leaderEpoch(): number {
    return FIRST_EPOCH + this.epochStarts.length;
  }

  /** As a leader answers: undefined for an epoch that it does not know. */
  endOfEpoch(epoch: number): number | undefined {
    if (epoch > this.leaderEpoch) return undefined;
    return this.epochStarts[epoch - FIRST_EPOCH] ?? this.end;
  }

  visibleEnd(isolation: Isolation): number {
    return isolation === 'read_committed' ? Math.min(this.stable ?? this.end, this.end) : this.end;
  }

  /** Makes offsets that hold no message. */
  appendGap(count: number): void {
    this.end += count;
  }

  /** Deletes what is before `offset`. */
  deleteBefore(offset: number): void {
    this.start = offset;
    this.end = Math.max(this.end, offset);
    for (const each of [...this.messages.keys()]) if (each < offset) this.messages.delete(each);
  }

  /** Deletes what is from `offset` on. */
  truncate(offset: number): void {
    this.end = offset;
    this.start = Math.min(this.start, offset);
    for (const each of [...this.messages.keys()]) if (each >= offset) this.messages.delete(each);
  }
}
