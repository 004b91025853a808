import { FakeGround } from './fake-ground.ts';
import { FakeScheduledKafka } from './fake-scheduled-kafka.ts';
import type { HappeningCounts } from './happenings.ts';
import type { Violation } from './invariants.ts';
import { Random } from './random.ts';
import type { NewGround } from './run-ground.ts';
import { drawPlan, NO_FAULTS, type RunPlan } from './run-plan.ts';
import { ScheduleRun } from './schedule-run.ts';
import { ScheduleWorld } from './schedule-world.ts';

/** What came of one schedule. */
export interface ScheduleOutcome {
  readonly violations: readonly Violation[];
  readonly counts: Readonly<HappeningCounts>;
}

/**
 * Plays one schedule: several runs of a job, each with other faults and another end, and a last one
 * that has none.
 */
export async function playSchedule(seed: number, draw: DrawPlan = drawPlan): Promise<ScheduleOutcome> {
  const { random } = Math;
  const jitter = new Random(~seed);
  // Waits between attempts are drawn by it: the same seed must give the same run.
  Math.random = () => jitter.fraction();
  try {
    const drawn = new Random(seed);
    const kafka = new FakeScheduledKafka(drawn);
    const newGround: NewGround = (parts) => new FakeGround(kafka, parts);
    return await play(new ScheduleWorld(drawn, kafka), { newGround, drawPlan: draw });
  } finally {
    Math.random = random;
  }
}

/** Draws the plan of a run. */
export type DrawPlan = (random: Random) => RunPlan;

/** How the runs of a schedule are made. */
interface RunMaking {
  readonly newGround: NewGround;
  readonly drawPlan: DrawPlan;
}

/** Plays the runs of one schedule in its world. */
export async function play(
  world: ScheduleWorld,
  { newGround, drawPlan }: RunMaking,
): Promise<ScheduleOutcome> {
  const { random, ledger, counts } = world;
  for (let arrival = random.between(0, 4); arrival > 0; arrival--) world.arrive();
  const runs = random.between(1, 3);
  for (let run = 0; run < runs && ledger.violations.length === 0; run++)
    await new ScheduleRun(world, drawPlan(random), newGround).play();
  world.endTransactions();
  if (ledger.violations.length === 0) await new ScheduleRun(world, NO_FAULTS, newGround).playToEnd();
  counts.repeats = ledger.repeats;
  return { violations: ledger.violations, counts };
}
