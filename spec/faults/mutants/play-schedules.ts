// Plays random schedules with the build that it is part of, and prints as JSON what came of them:
// node play-schedules.js schedules|wire SEED COUNT [faultless]
import { playSchedule, type DrawPlan } from '../../_helpers/schedules/random-schedule.ts';
import { drawPlan, NO_FAULTS } from '../../_helpers/schedules/run-plan.ts';
import { playWireSchedule } from '../../_helpers/schedules/wire/wire-schedule.ts';
import type { Violation } from '../violation.ts';

/** What came of schedules. */
export interface PlayedSchedules {
  /** Of each invariant that was violated the first case. */
  readonly violations: readonly Violation[];
}

const [kind, seed, count, faultless] = process.argv.slice(2);
const play = kind === 'wire' ? playWireSchedule : playSchedule;
const draw: DrawPlan = faultless === undefined ? drawPlan : () => NO_FAULTS;

/** Those on sockets wait most of the time. */
const atATime = kind === 'wire' ? 8 : 1;

async function playAll(): Promise<PlayedSchedules> {
  const found = new Map<string, Violation>();
  let played = 0;
  const playNext = async () => {
    while (played < Number(count)) {
      const at = Number(seed) + played++;
      const { violations } = await play(at, draw);
      for (const { invariant, what } of violations)
        if (!found.has(invariant)) found.set(invariant, { invariant, text: `schedule ${at}: ${what}` });
    }
  };
  await Promise.all(Array.from({ length: atATime }, playNext));
  return { violations: [...found.values()] };
}

console.log(JSON.stringify(await playAll()));
