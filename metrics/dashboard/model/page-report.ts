import type { StatsReport } from '../../stats-report.ts';

/** What the page reads of the answer to `GET api/stats`. */
export type PageReport = StatsReport<ReportedProcessor>;

/**
 * What the page reads of ProcessorStats. It is declared here once more because those types lead to
 * Node's, and the page is compiled without them; a spec keeps the two alike.
 */
export interface ReportedProcessor {
  readonly topicProcessorName: string;
  /** The number of its process, if a report has several. */
  readonly worker?: number;
  readonly state: 'new' | 'starting' | 'running' | 'closing' | 'closed' | 'failed';
  readonly startedAt: number | null;
  readonly failure: { readonly code: string; readonly message: string } | null;
  readonly degraded: ReportedTrouble | null;
  readonly recentErrors: readonly ReportedError[];
  readonly endsAskedAt: number | null;
  readonly records: number;
  readonly batches: number;
  readonly batchesByTrigger: Readonly<Record<string, number>>;
  readonly sent: number;
  readonly buffered: number;
  readonly bufferedBytes: number;
  readonly inHand: number;
  readonly partitions: readonly ReportedPartition[];
  readonly partitionProcessors: readonly ReportedPartitionProcessor[];
}

export interface ReportedTrouble {
  readonly since: number;
  readonly givesUpAt: number | null;
  readonly problems: readonly string[];
}

export interface ReportedError {
  readonly at: number;
  readonly code: string;
  readonly message: string;
  readonly partition?: number;
}

export interface ReportedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly position: number;
  readonly committed: number | null;
  readonly highWatermark: number;
  readonly lag: number;
  readonly paused: boolean;
  readonly records: number;
  readonly msSinceProgress: number;
  readonly heldBack: { readonly ms: number; readonly offset: number } | null;
}

export interface ReportedPartitionProcessor {
  readonly partition: number;
  readonly step: string;
  readonly lastBatch: ReportedBatch | null;
}

export interface ReportedBatch {
  readonly records: number;
  readonly trigger: string;
  readonly processMs: number;
  readonly produceMs: number;
  readonly storeMs: number;
  readonly commitMs: number | null;
  readonly endedAt: number;
}

/** Whether a JSON value is a report at all: a proxy may answer with something else. */
export function isPageReport(value: unknown): value is PageReport {
  return (
    typeof value === 'object' &&
    value !== null &&
    'now' in value &&
    typeof value.now === 'number' &&
    'health' in value &&
    'processors' in value &&
    Array.isArray(value.processors)
  );
}
