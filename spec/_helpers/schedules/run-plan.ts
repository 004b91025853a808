import type { Random } from './random.ts';

/** The step of a batch that fails. */
export type FailingStep = 'process' | 'produce' | 'store' | 'record' | 'commit';

/** Faults and times of one run. */
export interface RunPlan {
  /** Shares of 1. */
  readonly slowRequests: number;
  readonly slowProcess: number;
  readonly commitsRefused: number;
  readonly answersLost: number;
  readonly entriesRefused: number;
  /** How likely it is that the run ends by a crash, where it is not closed. */
  readonly crashes: number;
  /** A seek begins after this many turns of the run. */
  readonly seeks: readonly number[];
  /** After this many turns of the run this happens immediately, at any step. */
  readonly suddenly: { readonly turn: number; readonly what: 'crash' | 'close' } | undefined;
  /** What fails with an error that is not retriable, and at which call of its kind. */
  readonly failure: { readonly of: FailingStep; readonly call: number } | undefined;
}

/** The plan of a run without faults: of the last one, which comes to the end. */
export const NO_FAULTS: RunPlan = {
  slowRequests: 0,
  slowProcess: 0,
  commitsRefused: 0,
  answersLost: 0,
  entriesRefused: 0,
  crashes: 0,
  seeks: [],
  suddenly: undefined,
  failure: undefined,
};

export function drawPlan(random: Random): RunPlan {
  const share = (often: number, most: number) => (random.chance(often) ? random.fraction() * most : 0);
  return {
    slowRequests: share(0.7, 0.8),
    slowProcess: share(0.6, 0.8),
    commitsRefused: share(0.3, 0.6),
    answersLost: share(0.3, 0.6),
    entriesRefused: share(0.3, 0.5),
    crashes: 0.5,
    seeks: random.chance(0.5)
      ? Array.from({ length: random.between(1, 5) }, () => random.between(5, 60))
      : [],
    suddenly: random.chance(0.5)
      ? { turn: random.between(1, 40), what: random.pick(['crash', 'close']) }
      : undefined,
    failure: random.chance(0.5)
      ? { of: random.pick(['process', 'produce', 'store', 'record', 'commit']), call: random.between(1, 6) }
      : undefined,
  };
}
