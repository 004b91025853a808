import type { Random } from '../_helpers/schedules/random.ts';
import type { FaultKind, FaultPlan } from './fault-kind.ts';
import type { World } from './world.ts';

export type { FaultNeed, FaultPlan } from './fault-kind.ts';

/** A kind of fault, and how it is done. */
export interface Fault extends FaultKind {
  /** Parameters from the seed, as plain JSON: what the journal holds and replays. */
  plan(random: Random): FaultPlan;
  /**
   * Does it. Resolves once it is at work, with what ends it.
   *
   * @throws Error if it cannot be done: the run fails
   */
  inject(world: World, plan: FaultPlan): Promise<InjectedFault>;
}

/** A fault that is at work. */
export interface InjectedFault {
  /** Ends it. Everything must be whole afterwards, but for what has to recover. */
  heal(): Promise<void>;
  /**
   * The error, reconnect or retry that shows that it was felt; asked after progress was made again.
   * Undefined, if nothing shows it, fails the run.
   */
  mark(): Promise<string | undefined>;
  /**
   * Whether it was felt so far. A short fault that was not goes on for as long as one may, a long one
   * for as long again: workers that were just starting had nothing to feel. Without it the plan alone
   * says how long.
   */
  isFelt?(): boolean;
}
