import test from 'ava';
import { BoundedMemory } from '../../source/embedded/bounded-memory.ts';
import { GROUP_BYTES, Group } from '../../source/embedded/groups/group.ts';
import { groupRules } from '../../source/embedded/groups/group-rules.ts';
import { silentLogger } from '../../source/kernel/logger.ts';
import { FakeClock } from '../../source/testing/fake-clock.ts';
import { MemberBooks, sharedPartitions } from '../_helpers/schedules/member-books.ts';
import { Random } from '../_helpers/schedules/random.ts';
import { ScheduledMember } from '../_helpers/schedules/scheduled-member.ts';

const steps = 120;
const settleMs = 60_000;

/** A group whose members join, leave, die, sleep, restart and change their topics, as a seed says. */
async function play(seed: number): Promise<string[]> {
  const random = new Random(seed);
  const clock = new FakeClock(() => Promise.resolve());
  const rules = groupRules({ initialDelayMs: random.chance(0.5) ? 0 : 500 });
  const memory = new BoundedMemory(10_000_000);
  memory.take(GROUP_BYTES);
  const group = new Group('group', { clock, logger: silentLogger, rules, memory });
  const books = new MemberBooks();
  const members: ScheduledMember[] = [];
  let generation = 0;

  const start = (instanceId: string | null) => {
    members.push(new ScheduledMember(`member-${members.length}`, instanceId, group, books));
  };
  const act = () => {
    for (const member of members)
      if (!member.isGone && member.sleepsUntilMs <= clock.now() && random.chance(0.8)) member.act();
    const highest = Math.max(0, ...members.map((member) => member.generation));
    if (highest < generation) books.fail(`generation ${highest} after ${generation}`);
    generation = highest;
  };
  const happen = () => {
    const alive = members.filter((member) => !member.isGone);
    const [first, ...others] = alive;
    if (first === undefined || (alive.length < 5 && random.chance(0.3))) {
      // Two with one name: a restart, or a mistake that fences the older one.
      start(random.chance(0.5) ? `instance-${random.between(1, 3)}` : null);
      return;
    }
    const member = random.pick([first, ...others]);
    const happening = random.between(0, 6);
    if (happening === 0) member.leave();
    else if (happening === 1) member.isGone = true;
    else if (happening === 2) member.sleepsUntilMs = clock.now() + random.between(100, 20_000);
    else if (happening === 3) member.subscribe();
    else if (happening === 4) group.moved();
    else if (happening === 5) member.arriveLate();
    else if (member.instanceId !== null) start(member.instanceId);
  };

  for (let step = 0; step < steps; step++) {
    if (random.chance(0.15)) happen();
    act();
    await clock.advance(random.between(1, 700));
  }
  // Nothing happens any more: those that are left must share all partitions.
  start(null);
  const end = clock.now() + settleMs;
  while (clock.now() < end) {
    act();
    await clock.advance(500);
  }
  const alive = members.filter((member) => !member.isGone);
  const shared = alive.flatMap((member) =>
    books.partitionsOf(member.generation, member.instanceId ?? member.memberId),
  );
  const isWhole =
    group.state === 'Stable' &&
    alive.every((member) => member.isAtWork && member.generation === generation) &&
    [...group.members].length === alive.length &&
    shared.length === sharedPartitions &&
    new Set(shared).size === sharedPartitions;
  if (!isWhole) books.fail(`${group.state}, ${alive.length} members share the partitions ${shared.join()}`);
  group.die();
  if (memory.taken > 0) books.fail(`${memory.taken} bytes are not given back`);
  if (clock.pending > 0) books.fail(`${clock.pending} timers are left`);
  return books.failures;
}

test('a group has one owner for each partition, and is never stuck, in 300 random schedules', async (t) => {
  for (let seed = 1; seed <= 300; seed++) t.deepEqual(await play(seed), [], `seed ${seed}`);
});
