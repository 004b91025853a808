import type { HappeningCounts } from './happenings.ts';
import type { FailingStep, RunPlan } from './run-plan.ts';

/** What a run is made to fail with. */
export class CausedError extends Error {
  override readonly name = 'CausedError';
}

const happeningOf = {
  process: 'failuresOfProcess',
  produce: 'failuresOfProduce',
  store: 'failuresOfStore',
  record: 'failuresOfRecord',
  commit: 'failuresOfCommit',
} as const;

/** The one failure of a run that its plan has, if any. */
export class PlannedFailure {
  readonly #failure: RunPlan['failure'];
  readonly #counts: HappeningCounts;
  #calls = 0;
  #error: Error | undefined;

  constructor(plan: RunPlan, counts: HappeningCounts) {
    this.#failure = plan.failure;
    this.#counts = counts;
  }

  /** What the run must fail with; undefined: nothing was caused. */
  get error(): Error | undefined {
    return this.#error;
  }

  /** Whether this call of the step is the one that fails. */
  isNow(of: FailingStep): boolean {
    if (this.#failure?.of !== of) return false;
    this.#calls++;
    return this.#calls === this.#failure.call;
  }

  /** @param isSeen false where the process is gone, which sees no error any more */
  cause(error: Error, { isSeen }: { readonly isSeen: boolean }): Error {
    this.#counts[happeningOf[this.#failure?.of ?? 'process']]++;
    if (isSeen) this.#error = error;
    return error;
  }
}
