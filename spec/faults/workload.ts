import type { FinishedRun } from './finished-run.ts';
import type { Violation } from './violation.ts';
import type { WorkloadJob } from './workload-job.ts';

export {
  numberHeader,
  type GeneratedRecord,
  type Origin,
  type OutputRecord,
  type ServiceKind,
  type WorkerContext,
  type WorkloadTopic,
} from './workload-job.ts';

/** A job under test, what it reads, and what must be true of what it wrote. */
export interface Workload extends WorkloadJob {
  /** Invariants of its own, beside those of all workloads. */
  readonly invariants: readonly Invariant[];
}

/** What must be true of a run. */
export interface Invariant {
  readonly name: string;
  check(run: FinishedRun): Promise<readonly Violation[]> | readonly Violation[];
}
