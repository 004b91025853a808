import type { Workload } from './workload.ts';
import { copy } from './workloads/copy.ts';

/** All workloads. */
export const workloads: readonly Workload[] = [copy];
