import type { StartPosition } from '../kafka/log-position.ts';
import type { Chunk, OutOfRange } from '../kafka/source.ts';
import { OffsetOutOfRangeError } from '../kernel/errors.ts';
import type { PlannedPartition } from './start-plan.ts';
import type { TopicPartition } from '../kernel/topic-partition.ts';

/** How far one topic-partition was fetched, and where its log ends. */
export class PartitionProgress implements TopicPartition {
  readonly topic: string;
  readonly partition: number;
  readonly start: number;
  /** Where reading starts. */
  readonly startPosition: StartPosition;
  /** The offset at which a bounded run ends. */
  readonly end: number | undefined;
  /** Chunks of another epoch are stale: a seek came between. */
  epoch = 1;
  /** The next offset to be fetched. */
  position: number;
  highWatermark: number;
  /** The end that the isolation can see. */
  visibleEnd: number;
  /**
   * Since when there is something to do, on the monotonic clock: when the end rose last while
   * everything before it was committed.
   */
  workSince: number;
  /** Counts the reports of the ends: an answer to an older question must not set them back. */
  #endsTold = 0;
  paused = false;
  /**
   * Another id means that the topic was recreated; undefined where the brokers do not report it.
   */
  topicId: string | undefined;
  /** Whether the end of the log is being asked for. */
  isChecked = false;
  /** The topic was recreated, and where to continue is being decided: what comes is dropped. */
  isLost = false;

  /** @param now the monotonic time */
  constructor(planned: PlannedPartition, now: number) {
    this.workSince = now;
    this.topic = planned.topic;
    this.partition = planned.partition;
    this.start = planned.offset;
    this.startPosition = planned;
    this.position = planned.offset;
    this.end = planned.end;
    this.highWatermark = planned.highWatermark;
    this.visibleEnd = planned.visibleEnd;
    this.topicId = planned.topicId;
  }

  get endsTold(): number {
    return this.#endsTold;
  }

  /** Whether an id shows that this is no longer the topic that was read so far. */
  isOtherTopic(topicId: string | undefined): boolean {
    return topicId !== undefined && this.topicId !== undefined && topicId !== this.topicId;
  }

  /** Whether a bounded run has fetched all it wants of this partition. */
  get ended(): boolean {
    return this.end !== undefined && this.position >= this.end;
  }

  /**
   * Takes note of a chunk; returns what of it belongs to this run: a bounded one delivers nothing
   * at or past its end.
   */
  take(chunk: Chunk, isolation: 'read_committed' | 'read_uncommitted'): Chunk {
    this.#endsTold++;
    this.highWatermark = chunk.highWatermark;
    this.visibleEnd = isolation === 'read_committed' ? chunk.lastStableOffset : chunk.highWatermark;
    const { end } = this;
    if (end === undefined) {
      this.position = chunk.nextOffset;
      return chunk;
    }
    this.position = Math.min(chunk.nextOffset, end);
    if (chunk.nextOffset <= end) return chunk;
    const messages = chunk.messages.slice().filter(({ offset }) => offset < end);
    return { ...chunk, messages, nextOffset: end, recordBytes: undefined };
  }

  /**
   * Takes note of the ends that a leader reported when asked.
   *
   * @param toldBefore {@link endsTold} when the question went out: fetches may have shown newer
   *   ends since, and those stay
   */
  noteEnds(visibleEnd: number, highWatermark: number, toldBefore: number): void {
    const isNewest = toldBefore === this.#endsTold;
    this.visibleEnd = isNewest ? visibleEnd : Math.max(visibleEnd, this.visibleEnd);
    this.highWatermark = isNewest ? highWatermark : Math.max(highWatermark, this.highWatermark);
  }

  /** Reading continues at another offset. */
  goTo(offset: number): void {
    this.position = this.end === undefined ? offset : Math.min(offset, this.end);
  }

  /**
   * The position was not in the log, or the log is another one now; the next fetch shows its end as
   * the isolation sees it.
   */
  reset(offset: number, { latest, topicId }: OutOfRange): void {
    this.goTo(offset);
    this.#endsTold++;
    this.highWatermark = latest;
    this.visibleEnd = Math.max(offset, Math.min(this.visibleEnd, latest));
    this.topicId = topicId ?? this.topicId;
    this.isLost = false;
  }

  /**
   * The end of a bounded run is to be reached, and the log ends before it.
   *
   * @returns undefined if this is not so
   */
  fallsShort(logStartOffset: number, highWatermark: number): OffsetOutOfRangeError | undefined {
    const { topic, partition, end } = this;
    if (end === undefined || highWatermark >= end || this.ended) return undefined;
    return new OffsetOutOfRangeError(
      `${topic}/${partition} was to be processed up to offset ${end}, but now ends at ${highWatermark}: ` +
        'the topic was truncated or recreated while it was read',
      { topic, partition, offset: end, earliest: logStartOffset, latest: highWatermark },
    );
  }
}
