import type { BatchReport } from './batch-report.ts';
import type { PartitionOffset } from './kafka/log-position.ts';
import type { ProcessorState } from './lifecycle.ts';

/** The events of a TopicProcessor and what their listeners get. */
export interface ProcessorEvents {
  /** The state changed. */
  state: [change: { readonly from: ProcessorState; readonly to: ProcessorState }];
  /** Start positions are committed and reading begins. */
  started: [start: { readonly partitions: readonly PartitionOffset[] }];
  /**
   * A batch has completed a step of the straight line. Called within the pipeline, before the next
   * step begins.
   */
  batch: [report: BatchReport];
  /** The run fails; `runLoop` will reject with the first of these. */
  error: [error: unknown];
}

/** Every event. */
export const processorEventNames = [
  'state',
  'started',
  'batch',
  'error',
] as const satisfies readonly (keyof ProcessorEvents)[];
