import type { ExecutionContext } from 'ava';
import type { CopyJobLine, CopyJobOptions } from './copy-job.ts';
import { startJob, type JobProcess } from './job-process.ts';

/** A copy job in a process of its own. */
export type CopyJob = JobProcess<CopyJobLine>;

/** Starts a copy job; it is killed at the end of the test if it still runs. */
export function startCopyJob(t: ExecutionContext, options: CopyJobOptions): CopyJob {
  return startJob(t, 'copy-job', options);
}
