import { commitBounded } from './invariants/commit-bounded.ts';
import { commitMonotonic } from './invariants/commit-monotonic.ts';
import { flatResources } from './invariants/flat-resources.ts';
import { honestHealth } from './invariants/honest-health.ts';
import { noFailureWithoutFault } from './invariants/no-failure-without-fault.ts';
import { noLoss } from './invariants/no-loss.ts';
import { noRepeatsAfterGracefulStop } from './invariants/no-repeats-after-graceful-stop.ts';
import { noUnhandledRejection } from './invariants/no-unhandled-rejection.ts';
import { noStrangers } from './invariants/no-strangers.ts';
import { orderPerKey } from './invariants/order-per-key.ts';
import { repeatsOnlyOpen } from './invariants/repeats-only-open.ts';
import type { Invariant } from './workload.ts';

/** Those of all workloads; `progress` and `felt` are looked at in each cycle. */
export const invariants: readonly Invariant[] = [
  noLoss,
  noStrangers,
  repeatsOnlyOpen,
  noRepeatsAfterGracefulStop,
  orderPerKey,
  commitBounded,
  commitMonotonic,
  flatResources,
  noUnhandledRejection,
  noFailureWithoutFault,
  honestHealth,
];
