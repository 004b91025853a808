import type { ExecutionContext } from 'ava';
import { newGroup, newTopic } from '../raw/raw-cluster.ts';
import { describeGroup } from '../raw/raw-group-admin.ts';
import { heartbeat, join, joinAnew, leave, leaveTogether, sync } from '../raw/raw-group.ts';
import { commit } from '../raw/raw-offsets.ts';
import type { ContractCase } from './contract-case.ts';
import { endsUnanswered, stableGroup, twoMembers, untilCode } from './phased-group.ts';

const groupInstanceId = 'instance-1';

async function leaderRestarts(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { groupId, connect, leader, follower } = await stableGroup(t, brokers);
  const client = await connect();
  const again = await join(client, groupId, { groupInstanceId, metadata: 'other', sessionTimeoutMs: 20_000 });
  t.deepEqual([again.code, again.generation, again.protocol], [0, leader.generation, 'range']);
  t.deepEqual([again.leaderId, again.members], [leader.memberId, []], 'it is not told that it leads');
  const restarted = { ...again, groupInstanceId };
  t.deepEqual(await sync(client, groupId, restarted), { code: 0, assignment: 'first' });
  t.is(await heartbeat(client, groupId, follower), 0, 'the others hear of nothing');
  t.is((await describeGroup(client, groupId)).state, 'Stable');
  // It leads all the same: its next JoinGroup begins a rebalance.
  const { memberId } = again;
  endsUnanswered(join(await connect(), groupId, { memberId, groupInstanceId, metadata: 'other' }));
  await untilCode(27, () => heartbeat(client, groupId, follower));
}

async function followerRestarts(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { groupId, connect } = await newGroup(t, brokers);
  const [one, two, three] = [await connect(), await connect(), await connect()];
  const first = await joinAnew(one, groupId);
  t.is((await sync(one, groupId, first)).code, 0);
  const joining = join(two, groupId, { groupInstanceId });
  await untilCode(27, () => heartbeat(three, groupId, first));
  const leader = await join(one, groupId, { memberId: first.memberId });
  const follower = await joining;
  t.is(leader.leaderId, first.memberId);
  const following = sync(two, groupId, { ...follower, groupInstanceId });
  await sync(one, groupId, leader, { [follower.memberId]: 'second' });
  t.is((await following).assignment, 'second');
  const again = await join(three, groupId, { groupInstanceId, metadata: 'other' });
  t.deepEqual([again.code, again.generation, again.leaderId], [0, leader.generation, leader.memberId]);
  t.is((await sync(three, groupId, { ...again, groupInstanceId })).assignment, 'second');
  t.is(await heartbeat(one, groupId, leader), 0);
  const { members } = await describeGroup(three, groupId);
  const shown = members.map((each) => [each.memberId, each.metadata, each.assignment].join());
  t.deepEqual(shown.sort(), [`${leader.memberId},,`, `${again.memberId},other,second`].sort());
}

async function otherPreference(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { groupId, connect } = await newGroup(t, brokers);
  const [one, two] = [await connect(), await connect()];
  const first = await join(one, groupId, { groupInstanceId, protocols: ['range', 'sticky'] });
  t.is((await sync(one, groupId, { ...first, groupInstanceId })).code, 0);
  const refused = await join(two, groupId, { groupInstanceId, protocols: ['another'] });
  t.is(refused.code, 23, 'its former self does not know the protocol');
  const again = await join(two, groupId, { groupInstanceId, protocols: ['sticky', 'range'] });
  t.deepEqual([again.code, again.generation], [0, first.generation + 1], 'another protocol is elected');
  t.deepEqual([again.protocol, again.leaderId, again.members], ['sticky', again.memberId, [again.memberId]]);
  const added = await join(one, groupId, { groupInstanceId, protocols: ['sticky'] });
  t.deepEqual([added.code, added.protocol], [0, 'sticky']);
}

async function restartsWhileOthersSync(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { groupId, connect } = await newGroup(t, brokers);
  const { leader, follower } = await twoMembers(groupId, connect);
  const [one, two, three] = [await connect(), await connect(), await connect()];
  const following = sync(one, groupId, follower);
  const joining = join(two, groupId, { groupInstanceId });
  t.deepEqual(await following, { code: 27, assignment: '' }, 'the leader knows an id that is gone');
  t.is(await heartbeat(three, groupId, leader), 82);
  const follows = await join(one, groupId, { memberId: follower.memberId });
  const again = await joining;
  t.deepEqual([again.code, again.generation, follows.code], [0, leader.generation + 1, 0]);
  t.is(again.leaderId, again.memberId);
}

async function restartsWhileOthersJoin(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { groupId, connect, leader, follower } = await stableGroup(t, brokers);
  const [one, two, three] = [await connect(), await connect(), await connect()];
  const { memberId } = leader;
  const former = join(one, groupId, { memberId, groupInstanceId });
  await untilCode(27, () => heartbeat(three, groupId, follower));
  const joining = join(two, groupId, { groupInstanceId });
  t.is((await former).code, 82, 'its former self waited for an answer');
  await join(three, groupId, { memberId: follower.memberId });
  const again = await joining;
  t.deepEqual([again.code, again.generation, again.members.length], [0, leader.generation + 1, 2]);
}

async function fenced(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { topic } = await newTopic(t, brokers);
  const { groupId, connect } = await newGroup(t, brokers);
  const client = await connect();
  const before = { ...(await join(client, groupId, { groupInstanceId })), groupInstanceId };
  t.is((await sync(client, groupId, before)).code, 0);
  const after = { ...(await join(client, groupId, { groupInstanceId })), groupInstanceId };
  const { memberId, generation } = before;
  t.is((await join(client, groupId, { memberId, groupInstanceId })).code, 82);
  t.is((await sync(client, groupId, before)).code, 82);
  t.is(await heartbeat(client, groupId, before), 82);
  t.is(await leave(client, groupId, before), 82);
  t.deepEqual(await commit(client, { groupId, ...before }, topic, [[0, 1]]), [82]);
  t.is((await join(client, groupId, { memberId })).code, 25, 'by its id alone it is unknown');
  t.is(await heartbeat(client, groupId, { memberId, generation }), 25);
  t.is(await heartbeat(client, groupId, after), 0, 'the newer one is a member');
}

async function staysWithoutJoining(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { groupId, connect } = await newGroup(t, brokers);
  const [one, two, three] = [await connect(), await connect(), await connect()];
  const limits = { rebalanceTimeoutMs: 4_000, sessionTimeoutMs: 30_000 };
  const first = { ...(await join(one, groupId, { ...limits, groupInstanceId })), groupInstanceId };
  t.is((await sync(one, groupId, first)).code, 0);
  const second = await joinAnew(two, groupId, limits);
  t.deepEqual([second.code, second.generation], [0, first.generation + 1], 'the second waited in vain');
  t.deepEqual(
    [...second.members].sort(),
    [first.memberId, second.memberId].sort(),
    'and has a part for the first',
  );
  t.is(second.leaderId, second.memberId, 'who has joined leads');
  t.is(await heartbeat(three, groupId, first), 22);
  const { generation } = second;
  t.is((await sync(two, groupId, second, { [first.memberId]: 'first' })).code, 0);
  t.is((await sync(three, groupId, { ...first, generation })).assignment, 'first');
}

async function leavesByInstance(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { groupId, connect, leader, follower } = await stableGroup(t, brokers);
  const client = await connect();
  const { code, members } = await leaveTogether(client, groupId, [
    { memberId: 'another' },
    { memberId: 'another', groupInstanceId },
    { memberId: '', groupInstanceId: 'another' },
    { memberId: '' },
    { memberId: follower.memberId, groupInstanceId },
    { memberId: '', groupInstanceId },
    { memberId: leader.memberId, groupInstanceId },
  ]);
  t.deepEqual({ code, members }, { code: 0, members: [25, 82, 25, 25, 82, 0, 25] }, 'each is judged alone');
  t.is(await heartbeat(client, groupId, follower), 27);
  const alone = await join(client, groupId, { memberId: follower.memberId });
  t.deepEqual([alone.leaderId, alone.members], [follower.memberId, [follower.memberId]]);
}

async function instanceForGivenId(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { groupId, connect } = await newGroup(t, brokers);
  const client = await connect();
  const { memberId } = await join(client, groupId);
  t.is((await join(client, groupId, { memberId, groupInstanceId })).code, -1);
  t.is((await join(client, groupId, { memberId })).code, 0, 'the id can still be used');
}

/** Members with an instance id (KIP-345). */
export const staticMemberCases: readonly ContractCase[] = [
  { title: 'a static leader that restarts keeps the generation whatever its metadata', run: leaderRestarts },
  {
    title: 'a static follower that restarts keeps the generation whatever its metadata',
    run: followerRestarts,
  },
  { title: 'a static restart by which another protocol is elected is a rebalance', run: otherPreference },
  { title: 'a static restart before the leader has assigned is a rebalance', run: restartsWhileOthersSync },
  { title: 'a static restart during a rebalance answers the former self', run: restartsWhileOthersJoin },
  { title: 'of two members with one instance id the older is fenced in every request', run: fenced },
  { title: 'a static member that does not join again in time stays in the group', run: staysWithoutJoining },
  { title: 'LeaveGroup names several members, also by instance ids', run: leavesByInstance },
  { title: 'an id that was given to a member is not for one with an instance id', run: instanceForGivenId },
];
