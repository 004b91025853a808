import test from 'ava';
import { happenings, noHappenings, type Happening, type HappeningCounts } from '../happenings.ts';
import { invariants, type Invariant } from '../invariants.ts';
import { playWireSchedule } from './wire-schedule.ts';
import { wireFaultKinds, type WireFault } from './wire-fault.ts';

/** SCHEDULE_SEED plays one schedule alone, the one that a failure names. */
const { SCHEDULE_SEED: onlySeed } = process.env;

/** They wait most of the time. */
const AT_A_TIME = 8;
const TIMEOUT_MS = 600_000;

/** What a hundred schedules meet, however slow the machine is. */
const certain: readonly Happening[] = [
  'crashes',
  'closes',
  'repeats',
  'batches',
  'recordings',
  'waits',
  'records',
];

interface Played {
  /** The first violation of each invariant that did not hold, with the seed. */
  readonly violated: ReadonlyMap<Invariant, string>;
  readonly counts: Readonly<HappeningCounts>;
  readonly faults: ReadonlyMap<WireFault['kind'], number>;
}

async function playAll(from: number, count: number): Promise<Played> {
  const seeds =
    onlySeed === undefined ? Array.from({ length: count }, (_none, at) => from + at) : [Number(onlySeed)];
  const violated = new Map<Invariant, string>();
  const counts = noHappenings();
  const faults = new Map<WireFault['kind'], number>();
  const playNext = async () => {
    for (let seed = seeds.shift(); seed !== undefined && violated.size === 0; seed = seeds.shift()) {
      const outcome = await playWireSchedule(seed);
      for (const name of happenings) counts[name] += outcome.counts[name];
      for (const [kind, times] of outcome.faults) faults.set(kind, (faults.get(kind) ?? 0) + times);
      for (const { invariant, what } of outcome.violations)
        if (!violated.has(invariant)) violated.set(invariant, `SCHEDULE_SEED=${seed}: ${what}`);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, playNext));
  return { violated, counts, faults };
}

/** Specs of this many random schedules over the wire, whose seeds count up from `from`. */
export function testWireSchedules(from: number, count: number): void {
  const playing = playAll(from, count);

  for (const name of Object.keys(invariants) as Invariant[]) {
    test(`in ${count} random schedules over the wire, ${invariants[name]}`, async (t) => {
      t.timeout(TIMEOUT_MS);
      t.is((await playing).violated.get(name), undefined);
    });
  }

  test('the random schedules over the wire met everything that can happen', async (t) => {
    t.timeout(TIMEOUT_MS);
    const { counts, faults, violated } = await playing;
    t.log(JSON.stringify(counts), JSON.stringify(Object.fromEntries(faults)));
    if (onlySeed !== undefined || violated.size > 0) return;
    const never = [
      ...certain.filter((name) => counts[name] === 0),
      ...wireFaultKinds.filter((kind) => !faults.has(kind)),
    ];
    t.deepEqual(never, []);
  });
}
