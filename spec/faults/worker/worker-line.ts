import type { BatchStep, RecentError } from '../../../source/index.ts';
import type { HealthReport } from '../../../metrics/index.ts';

/** Where a worker may be: `begun` is before the user's function, `midway` amid it. */
export const workerSteps = [
  'begun',
  'midway',
  'processed',
  'flushed',
  'stored',
  'committed',
] as const satisfies readonly ('begun' | 'midway' | BatchStep)[];
export type WorkerStep = (typeof workerSteps)[number];

/** Kafka's name of a topic, and the first and last offset of a batch in it. */
export type BatchRange = readonly [topic: string, first: number, last: number];

/** What a worker uses, after garbage collection. */
export interface Usage {
  readonly rss: number;
  readonly heapUsed: number;
  readonly arrayBuffers: number;
  readonly descriptors: number;
  /** Active timers. */
  readonly timers: number;
}

/** What a worker writes to its output, one line of JSON each. */
export type WorkerLine =
  | { readonly at: 'started' }
  | {
      readonly at: 'step';
      readonly step: WorkerStep;
      readonly partition: number;
      readonly ranges: readonly BatchRange[];
    }
  | { readonly at: 'signalled'; readonly step: WorkerStep }
  /** It closes, and a batch waited for its next attempt: nothing of it is flushed or committed. */
  | { readonly at: 'given-up'; readonly partition: number; readonly ranges: readonly BatchRange[] }
  | {
      readonly at: 'log';
      readonly level: 'info' | 'warn' | 'error';
      readonly message: string;
      readonly error?: string;
    }
  | {
      readonly at: 'state';
      readonly state: string;
      readonly health: HealthReport;
      readonly records: number;
      readonly repeated: number;
      readonly recentErrors: readonly RecentError[];
      readonly lag: number;
      /** Its clock: milliseconds since 1970. */
      readonly now: number;
    }
  | ({ readonly at: 'usage' } & Usage)
  /** It has caught up after its event loop was blocked. */
  | { readonly at: 'unblocked'; readonly ms: number }
  | { readonly at: 'unhandled'; readonly error: string }
  | { readonly at: 'done'; readonly records: number }
  | { readonly at: 'failed'; readonly error: string };

/** What a worker is told, one line of JSON each on its input. */
export type WorkerCommand =
  /** Send itself a signal when it is next at this step. */
  | { readonly do: 'signal-at'; readonly step: WorkerStep; readonly signal: 'SIGKILL' | 'SIGTERM' }
  /** Never end the next batch. */
  | { readonly do: 'hang' }
  /** Block its event loop. */
  | { readonly do: 'block'; readonly ms: number }
  /** Move its clock by this much, in all. */
  | { readonly do: 'shift-clock'; readonly ms: number };

/** How a worker is started: JSON in its first argument. */
export interface WorkerStart {
  readonly workload: string;
  readonly seed: number;
  readonly prefix: string;
  readonly incarnation: number;
  readonly partitions: readonly number[];
  readonly brokers: readonly string[];
  /** Ports of proxies on 127.0.0.1, by the address of the broker behind each. */
  readonly proxies: Readonly<Record<string, number>>;
  readonly redisUrl?: string;
  readonly elasticsearchUrl?: string;
  /** A worker that has the same as one before takes its partitions over immediately. */
  readonly instanceId?: string;
}
