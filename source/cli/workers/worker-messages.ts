import type { HealthReport, MetricsSnapshot } from '../../../metrics/index.ts';
import type { ProcessorStats } from '../../index.ts';
import type { JobSummary } from '../job/job-run.ts';
import type { Given } from '../settings/layers.ts';

/** How often a worker reports its progress. */
export const BEAT_MS = 1000;

/** What a worker is to do. */
export interface WorkerTask {
  /** From 1. */
  readonly worker: number;
  /** The job file, as it was named. */
  readonly file: string;
  readonly cwd: string;
  readonly partitions: readonly number[];
  /** The settings of all layers. Secrets are among them: neither arguments nor files carry them. */
  readonly given: readonly (readonly [name: string, given: Given])[];
  /** Whether log lines are JSON unless a setting says otherwise. */
  readonly json: boolean;
  /** Whether its metrics will be asked for. */
  readonly isScraped: boolean;
  /** Width of the terminal on which its log lines appear; undefined where there is none. */
  readonly width: number | undefined;
}

/** What the command sends to a worker: plain values, since they go to another process. */
export type ToWorker =
  | { readonly kind: 'start'; readonly task: WorkerTask }
  /** Finish and commit the batch in process, and stop. */
  | { readonly kind: 'stop' }
  /** Send a snapshot of the metrics. */
  | { readonly kind: 'collect'; readonly id: number };

/** What a worker sends to the command. */
export type FromWorker =
  /** It begins to read: it has this many records to process. */
  | { readonly kind: 'started'; readonly total: number }
  /** It is alive, and this is its progress. */
  | { readonly kind: 'beat'; readonly report: WorkerReport }
  | { readonly kind: 'snapshot'; readonly id: number; readonly snapshot: MetricsSnapshot | null }
  /** A signal reached it alone: all are to stop. */
  | { readonly kind: 'stop-asked' }
  | ({ readonly kind: 'done' } & WorkerDone)
  | { readonly kind: 'failed'; readonly failure: WorkerFailure };

/** What is known of a worker at one moment. */
export interface WorkerReport {
  readonly stats: ProcessorStats;
  readonly health: HealthReport;
  /** The longest time for which its event loop was blocked. */
  readonly longestBlockMs: number;
}

/** The result of a worker that did not fail. */
export interface WorkerDone {
  readonly summary: JobSummary;
  readonly report: WorkerReport | null;
  readonly snapshot: MetricsSnapshot | null;
}

/** Why a worker failed, as a run in one process would have reported it. */
export interface WorkerFailure {
  readonly code: string;
  readonly message: string;
  /** For people, with the remedy. */
  readonly text: string;
  readonly exitCode: number;
}
