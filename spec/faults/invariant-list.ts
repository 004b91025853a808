import { noLoss } from './invariants/no-loss.ts';
import type { Invariant } from './workload.ts';

/** Those of all workloads. */
export const invariants: readonly Invariant[] = [noLoss];
