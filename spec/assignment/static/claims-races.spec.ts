import test from 'ava';
import type { Claims } from '../../../source/assignment/static/claims.ts';
import { CLAIMS_GROUP, claimant, here, type Claimant } from '../../_helpers/fakes/claims-on-fake.ts';
import { FakeClock } from '../../../source/testing/fake-clock.ts';
import { FakeKafka } from '../../../source/testing/fake-kafka/fake-kafka.ts';

/** Numbers in [0, 1) that are the same for each seed (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

interface Contender extends Claimant {
  readonly partitions: readonly number[];
}

/** Whether it may process now. The answer of a check that reads is not waited for. */
function mayProcess(claims: Claims): boolean {
  const unsure = claims.check();
  unsure?.catch(() => undefined);
  return unsure === undefined;
}

const soon = (draw: () => number) => draw() * 300;
const lateNowAndThen = (draw: () => number) => (draw() < 0.15 ? draw() * 6_000 : draw() * 100);

for (const [weather, delayMs, oneSurvives, commitOffsets] of [
  ['requests take up to 300 ms', soon, true, Infinity],
  ['some requests are late by seconds', lateNowAndThen, false, Infinity],
  ['requests take up to 300 ms, and hold one entry', soon, false, 1],
  ['some requests are late by seconds, and hold one entry', lateNowAndThen, false, 1],
] as const) {
  test(`100 races of several starts: no partition ever has two owners, when ${weather}`, async (t) => {
    let conflicts = 0;
    for (let seed = 1; seed <= 100; seed++) {
      const draw = random(seed * 7919);
      const kafka = new FakeKafka({ commitOffsets }).createTopic('in', 3);
      const clock = new FakeClock(() => kafka.quiet());
      const late = () =>
        new Promise<void>((resolve) => {
          clock.after(delayMs(draw), resolve);
        });
      // Half of the time a request takes passes before the broker acts, as the network would have
      // it.
      kafka.intercept('fetchOffsets', late);
      kafka.intercept('commit', late);
      const contenders: Contender[] = [];
      for (let pid = 0; pid < 2 + Math.floor(draw() * 3); pid++) {
        const partitions = [0, 1, 2].filter(() => draw() < 0.7);
        const partitionNumbers = partitions.length === 0 ? [1] : partitions;
        const made = await claimant(t, kafka, {
          fakeClock: clock,
          partitionNumbers,
          process: { ...here, pid },
        });
        contenders.push({ ...made, partitions: partitionNumbers });
        clock.after(draw() * 1_500, () => void made.start());
      }
      for (let step = 0; step < 150; step++) {
        await clock.advance(100);
        for (const partition of [0, 1, 2]) {
          const owners = contenders.filter(
            ({ partitions, claims }) => partitions.includes(partition) && mayProcess(claims),
          );
          if (owners.length > 1) t.fail(`seed ${seed}: ${owners.length} own partition ${partition}`);
        }
        // A loser goes, as its processor would.
        for (const { claims, failures, taken } of contenders)
          if (failures.length > 0 || taken() instanceof Error) void claims.close(30_000);
      }
      const survivors = contenders.filter(({ claims }) => mayProcess(claims));
      conflicts += contenders.length - survivors.length;
      if (oneSurvives && survivors.length === 0) t.fail(`seed ${seed}: nobody has a partition`);
      for (const { claims } of contenders) void claims.close(0);
    }
    t.true(conflicts > 50, `${conflicts} lost`);
  });
}

test('a race for one partition has one winner, whoever it is', async (t) => {
  for (let seed = 1; seed <= 20; seed++) {
    const draw = random(seed);
    const kafka = new FakeKafka().createTopic('in');
    const clock = new FakeClock(() => kafka.quiet());
    const late = () =>
      new Promise<void>((resolve) => {
        clock.after(draw() * 200, resolve);
      });
    kafka.intercept('fetchOffsets', late);
    kafka.intercept('commit', late);
    const all = await Promise.all(
      [1, 2, 3].map((pid) => claimant(t, kafka, { fakeClock: clock, process: { ...here, pid } })),
    );
    for (const { start } of all) void start();
    await clock.advance(20_000);
    const winners = all.filter(({ claims }) => mayProcess(claims));
    t.is(winners.length, 1, `seed ${seed}`);
    const { record } = { record: kafka.committedOf(CLAIMS_GROUP, { topic: 'in', partition: 0 }).metadata };
    t.true(record.includes(`"pid":${all.findIndex((each) => each === winners[0]) + 1}`));
    for (const { claims } of all) void claims.close(0);
  }
});
