import type { Random } from '../_helpers/schedules/random.ts';
import type { World } from './world.ts';

/** A kind of fault. */
export interface Fault {
  readonly name: string;
  readonly needs: readonly FaultNeed[];
  /** Takes longer than 8 s, so that it is left out where there are minutes alone. */
  readonly long: boolean;
  /** Parameters from the seed, as plain JSON: what the journal holds and replays. */
  plan(random: Random): FaultPlan;
  /**
   * Does it. Resolves once it is at work, with what ends it.
   *
   * @throws Error if it cannot be done: the run fails
   */
  inject(world: World, plan: FaultPlan): Promise<InjectedFault>;
  /** Which invariants it relaxes. */
  readonly allows: readonly Allowance[];
}

export type FaultNeed = 'worker' | 'kafka' | 'three-nodes' | 'redis' | 'elasticsearch' | 'proxy';

export interface FaultPlan {
  /** For how long it lasts until it is healed, in ms. */
  readonly lastsMs: number;
  readonly [parameter: string]: string | number | boolean;
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
}

/**
 * `two-owners`: commits may go back, and what both process is repeated. `new-partitions`: the
 * input has more partitions afterwards. `new-topic`: its offsets begin at 0 again.
 */
export type Allowance = 'two-owners' | 'new-partitions' | 'new-topic';
