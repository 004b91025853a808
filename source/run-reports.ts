import type { BatchReport } from './batch-report.ts';
import type { CommitResult } from './kafka/group-offsets.ts';
import type { TroubleReports } from './kafka/trouble.ts';
import type { TransactionOutcome } from './stats.ts';

/**
 * Where the parts of a run report what happens. There is one for each run; a part takes the
 * `Pick<>` of it that it needs. All methods are synchronous and must not throw.
 */
export interface RunReports extends TroubleReports {
  /** A batch has completed a step of the straight line. */
  batch(report: BatchReport): void;
  /** This many records are sent again and may be stored twice. */
  repeated(records: number): void;
  /**
   * A transaction was committed or aborted, or the outcome of one of its requests was not known and
   * its transactional id got a new epoch.
   *
   * @param durationMs since it began
   */
  transaction(outcome: TransactionOutcome, durationMs: number): void;
  /** Positions that one request did not commit, also where they are tried again. */
  refused(failed: readonly CommitResult[]): void;
  /**
   * The run is to end without a failure: a bounded one has processed all it wanted, or `process`
   * asked for it.
   */
  ended(): void;
  /** The run cannot continue. The first of these is what it fails with. */
  failed(error: unknown): void;
}
