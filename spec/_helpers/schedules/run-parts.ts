import type { Clock } from '../../../source/kernel/clock.ts';
import type { ConsumerMessage } from '../../../source/message.ts';
import type { PlannedFailure } from './planned-failure.ts';
import type { RunPlan } from './run-plan.ts';
import type { ScheduleWorld } from './schedule-world.ts';

/** One run, as its parts see it. */
export interface LiveRun {
  /** Its process is gone. */
  readonly isDead: boolean;
  /** It has failed or ended: no batch may begin. */
  readonly isOver: boolean;
  /** Whether a batch of this partition is being flushed. */
  isFlushing(partition: number): boolean;
  /** What beforeCommit was to record failed: the outputs of these messages are durable all the same. */
  recordFailed(messages: readonly ConsumerMessage[]): void;
  /** Something is about to happen in the run: the moment for what comes suddenly. */
  nextTurn(): void;
}

/** What the parts of one run share. */
export interface RunParts {
  readonly world: ScheduleWorld;
  readonly plan: RunPlan;
  readonly clock: Clock;
  readonly failure: PlannedFailure;
  readonly run: LiveRun;
}

/** What a dead process waits for. */
export function never<T>(): Promise<T> {
  return new Promise(() => undefined);
}
