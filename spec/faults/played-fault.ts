import type { FaultKind, FaultPlan } from './fault-kind.ts';

/** A fault that was injected and healed, with what was seen of it. Times are of `performance.now()`. */
export interface PlayedFault {
  readonly fault: FaultKind;
  readonly plan: FaultPlan;
  readonly begun: number;
  readonly healed: number;
  /** From the healing until each partition had made progress. */
  readonly progressMs: number;
  readonly mark: string | undefined;
}
