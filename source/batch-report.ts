import type { OffsetRange } from './kernel/errors.ts';
import type { BatchTrigger } from './message-processor.ts';

/** The steps of the straight line that a batch has behind it. */
export type BatchStep = 'processed' | 'flushed' | 'stored' | 'committed';

/** What happened to a batch; given to the listeners of `batch`. */
export interface BatchReport {
  readonly step: BatchStep;
  readonly partition: number;
  readonly trigger: BatchTrigger;
  /** Messages in the batch. */
  readonly records: number;
  /** Records that were sent and acked; 0 before `flushed`. */
  readonly sent: number;
  readonly ranges: readonly OffsetRange[];
  /** Time that this step took. */
  readonly durationMs: number;
}
