import type { HealthReport, MetricsSnapshot } from '../../metrics/index.ts';
import type { ProcessorStats, RunSummary } from '../index.ts';
import type { Given } from './layers.ts';

/** What the command tells a worker. All of it is plain values: it goes through a pipe between processes. */
export type ToWorker =
  | {
      readonly kind: 'start';
      readonly worker: number;
      /** The job file, as it was named. */
      readonly file: string;
      readonly cwd: string;
      readonly partitions: readonly number[];
      /** The settings of all layers, secrets included: they are nobody else's to see, so neither flags nor environment. */
      readonly given: readonly (readonly [name: string, given: Given])[];
      readonly json: boolean;
      /** Whether metrics are to be had. */
      readonly isScraped: boolean;
    }
  /** Finish the batch in hand, commit it, and end. */
  | { readonly kind: 'stop' }
  /** Send a snapshot of the metrics. */
  | { readonly kind: 'collect'; readonly id: number };

/** What a worker tells the command. */
export type FromWorker =
  /** Each second: it lives, and is so far. */
  | { readonly kind: 'beat'; readonly report: WorkerReport }
  /** It begins to read; so many records are before it. */
  | { readonly kind: 'started'; readonly total: number }
  | { readonly kind: 'snapshot'; readonly id: number; readonly snapshot: MetricsSnapshot | null }
  /** A signal reached it: all are to stop. */
  | { readonly kind: 'stop-asked' }
  | { readonly kind: 'done'; readonly summary: RunSummary; readonly report: WorkerReport | undefined; readonly snapshot: MetricsSnapshot | null }
  | { readonly kind: 'failed'; readonly failure: WorkerFailure };

/** What is known of a worker at one moment. */
export interface WorkerReport {
  readonly stats: ProcessorStats;
  readonly health: HealthReport;
  /** The longest time for which its event loop did not turn, since it began. */
  readonly longestBlockMs: number;
}

/** Why a worker failed, as its own command line would have said it. */
export interface WorkerFailure {
  readonly code: string;
  readonly message: string;
  /** For people, with the remedy. */
  readonly text: string;
  readonly exitCode: number;
}

/** How often a worker tells how far it is. */
export const BEAT_MS = 1000;
