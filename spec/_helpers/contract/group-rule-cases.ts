import { newGroup } from '../raw/raw-cluster.ts';
import { describeGroup } from '../raw/raw-group-admin.ts';
import { heartbeat, join, joinAnew, sync } from '../raw/raw-group.ts';
import { until } from '../until.ts';
import type { ExecutionContext } from 'ava';
import type { ContractCase } from './contract-case.ts';
import { untilCode } from './phased-group.ts';

/** What the broker of these cases decides for groups. */
export const narrowRules = { maxSize: 2, initialDelayMs: 1_000 } as const;

const limits = { rebalanceTimeoutMs: 4_000, sessionTimeoutMs: 30_000 };

async function waitsForMore(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { groupId, connect } = await newGroup(t, brokers);
  const [one, two, three] = [await connect(), await connect(), await connect()];
  const start = performance.now();
  const joining = joinAnew(one, groupId);
  await until(async () => (await describeGroup(three, groupId)).members.length === 1, {
    deadlineMs: 20_000,
    what: 'the first member',
  });
  const [first, second] = await Promise.all([joining, joinAnew(two, groupId)]);
  t.deepEqual([first.generation, second.generation], [1, 1], 'they meet in one generation');
  t.is(first.members.length, 2);
  const waitedMs = performance.now() - start;
  t.true(waitedMs > 1_900, `once more, since somebody came: ${waitedMs} ms`);
}

async function isFull(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { groupId, connect } = await newGroup(t, brokers);
  const [one, two, three] = [await connect(), await connect(), await connect()];
  const [first, second] = await Promise.all([joinAnew(one, groupId, limits), joinAnew(two, groupId, limits)]);
  const [leader, follower] = first.members.length > 0 ? [first, second] : [second, first];
  t.is((await sync(one, groupId, leader)).code, 0);
  t.is((await sync(two, groupId, follower)).code, 0);
  const refused = await join(three, groupId, limits);
  t.deepEqual([refused.code, refused.memberId], [81, '']);
  const leads = join(one, groupId, { ...limits, memberId: leader.memberId });
  await untilCode(27, () => heartbeat(two, groupId, follower));
  // While members join, those count that have joined.
  const late = joinAnew(three, groupId, limits);
  await until(async () => (await describeGroup(two, groupId)).members.length === 3, {
    deadlineMs: 20_000,
    what: 'the third member',
  });
  t.is(
    (await join(two, groupId, { ...limits, memberId: follower.memberId })).code,
    81,
    'the last one is out',
  );
  t.is(await heartbeat(two, groupId, follower), 25);
  const { members } = await leads;
  t.deepEqual([...members].sort(), [leader.memberId, (await late).memberId].sort());
}

/** For a broker with {@link narrowRules}. */
export const groupRuleCases: readonly ContractCase[] = [
  {
    title: 'a group that was empty waits for more members, and again for as long as some come',
    run: waitsForMore,
  },
  { title: 'a group that is full refuses the member that joins last', run: isFull },
];
