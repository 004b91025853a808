import type { OffsetRange } from './kernel/errors.ts';
import type { BatchTrigger } from './message-processor.ts';
import type { MessageTally } from './message-tally.ts';

/** The steps of the straight line, as a batch completes them. */
export type BatchStep = 'processed' | 'flushed' | 'stored' | 'committed';

/**
 * The offsets of one topic-partition in a batch, and how many messages have them: offsets may have
 * gaps.
 */
export interface BatchRange extends OffsetRange {
  readonly records: number;
}

/** What happened to a batch; given to the listeners of `batch`. */
export interface BatchReport {
  readonly step: BatchStep;
  /**
   * The batch's number: no two batches of a run have the same, so the steps of one batch can be
   * paired. While its commit is in flight, steps of the partition's next batch may be reported.
   */
  readonly batch: number;
  readonly partition: number;
  readonly trigger: BatchTrigger;
  /** Messages in the batch. */
  readonly records: number;
  /**
   * Bytes of the messages, as encoded, decompressed. Of records that came in one fetch each batch
   * has its share by their number.
   */
  readonly bytes: number;
  /** Records that were sent and acked; 0 before `flushed`. */
  readonly sent: number;
  /** What became of messages that were not simply processed: see `context.tally`. */
  readonly tally: MessageTally;
  /** Per topic. */
  readonly ranges: readonly BatchRange[];
  /** Time that this step took. */
  readonly durationMs: number;
}
