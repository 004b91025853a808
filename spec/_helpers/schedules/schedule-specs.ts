import test from 'ava';
import { happenings, noHappenings, type HappeningCounts } from './happenings.ts';
import { invariants, type Invariant } from './invariants.ts';
import { playSchedule } from './random-schedule.ts';

/** SCHEDULE_SEED plays one schedule alone, the one that a failure names. */
const { SCHEDULE_SEED: onlySeed } = process.env;

const TIMEOUT_MS = 600_000;

interface Played {
  /** The first violation of each invariant that did not hold, with the seed. */
  readonly violated: ReadonlyMap<Invariant, string>;
  readonly counts: Readonly<HappeningCounts>;
}

async function playAll(from: number, count: number): Promise<Played> {
  const seeds =
    onlySeed === undefined ? Array.from({ length: count }, (_none, at) => from + at) : [Number(onlySeed)];
  const violated = new Map<Invariant, string>();
  const counts = noHappenings();
  for (const seed of seeds) {
    const outcome = await playSchedule(seed);
    for (const name of happenings) counts[name] += outcome.counts[name];
    for (const { invariant, what } of outcome.violations)
      if (!violated.has(invariant)) violated.set(invariant, `SCHEDULE_SEED=${seed}: ${what}`);
    if (violated.size > 0) break;
  }
  return { violated, counts };
}

/** Specs of this many random schedules, whose seeds count up from `from`. */
export function testSchedules(from: number, count: number): void {
  const playing = playAll(from, count);

  for (const name of Object.keys(invariants) as Invariant[]) {
    test(`in ${count} random schedules, ${invariants[name]}`, async (t) => {
      t.timeout(TIMEOUT_MS);
      t.is((await playing).violated.get(name), undefined);
    });
  }

  test('the random schedules met everything that can happen', async (t) => {
    t.timeout(TIMEOUT_MS);
    const { counts, violated } = await playing;
    t.log(JSON.stringify(counts));
    const rare = happenings.filter((name) => counts[name] < (onlySeed === undefined ? 20 : 0));
    t.deepEqual(violated.size > 0 ? [] : rare, []);
  });
}
