import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { newGroup, newTopic } from '../raw/raw-cluster.ts';
import { deleteGroup, deleteOffset, describeGroup, subscription } from '../raw/raw-group-admin.ts';
import { heartbeat, join, joinAnew, leave, leaveAlone, sync } from '../raw/raw-group.ts';
import { commit, fetchOffsets } from '../raw/raw-offsets.ts';
import { until } from '../until.ts';
import type { ContractCase } from './contract-case.ts';
import { endsUnanswered, stableGroup, twoMembers, untilCode } from './phased-group.ts';

const deadlineMs = 20_000;

async function elections(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { groupId, connect } = await newGroup(t, brokers);
  const [one, two, three] = [await connect(), await connect(), await connect()];
  const first = await joinAnew(one, groupId, { protocols: ['range', 'sticky', 'own'] });
  t.is(first.protocol, 'range');
  t.is((await sync(one, groupId, first)).code, 0);
  const others = [two, three].map((client) =>
    joinAnew(client, groupId, { protocols: ['other', 'sticky', 'range'] }),
  );
  await until(async () => (await describeGroup(one, groupId)).members.length === 3, {
    deadlineMs,
    what: 'three members',
  });
  const { memberId } = first;
  const again = await join(one, groupId, { memberId, protocols: ['range', 'sticky', 'own'] });
  t.is(again.protocol, 'sticky', 'known to all, and preferred by two of three');
  for (const other of await Promise.all(others)) t.is(other.protocol, 'sticky');
  t.is(
    (await join(await connect(), groupId, { protocols: ['own', 'other'] })).code,
    23,
    'none is known to all',
  );
}

/** Two members that prefer different protocols: a broker decides by the order of a hash table. */
async function ties(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const pairs = [
    ['range', 'roundrobin'],
    ['cooperative-sticky', 'range'],
    ['sticky', 'roundrobin'],
    ['a', 'b'],
    ['q', 'b'],
  ];
  const elected = await Promise.all(
    pairs.map(async (pair) => {
      const { groupId, connect } = await newGroup(t, brokers);
      const [one, two, three] = [await connect(), await connect(), await connect()];
      const first = await joinAnew(one, groupId, { protocols: pair });
      await sync(one, groupId, first);
      endsUnanswered(joinAnew(two, groupId, { protocols: [...pair].reverse() }));
      await untilCode(27, () => heartbeat(three, groupId, first));
      return (await join(one, groupId, { memberId: first.memberId, protocols: pair })).protocol;
    }),
  );
  t.deepEqual(elected, ['range', 'range', 'sticky', 'a', 'q']);
}

async function followerJoinsAgain(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { groupId, connect, leader, follower } = await stableGroup(t, brokers);
  const client = await connect();
  const { memberId, generation } = follower;
  const same = await join(client, groupId, { memberId });
  t.deepEqual(
    [same.code, same.generation, same.leaderId, same.members],
    [0, generation, leader.memberId, []],
  );
  t.is(await heartbeat(client, groupId, leader), 0);
  t.is((await sync(client, groupId, same)).assignment, 'second');
  const joining = join(await connect(), groupId, { memberId, metadata: 'other' });
  await untilCode(27, () => heartbeat(client, groupId, leader));
  const { groupInstanceId } = leader;
  const leads = await join(client, groupId, { memberId: leader.memberId, groupInstanceId });
  t.deepEqual([leads.generation, (await joining).generation], [generation + 1, generation + 1]);
}

async function leaderJoinsAgain(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { groupId, connect, leader, follower } = await stableGroup(t, brokers);
  const [client, waiting] = [await connect(), await connect()];
  const { memberId, groupInstanceId } = leader;
  const joining = join(waiting, groupId, { memberId, groupInstanceId });
  await untilCode(27, () => heartbeat(client, groupId, follower));
  await join(client, groupId, { memberId: follower.memberId });
  t.is((await joining).generation, leader.generation + 1, 'also with the metadata that it had');
}

async function answersLost(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { groupId, connect } = await newGroup(t, brokers);
  const { leader, follower } = await twoMembers(groupId, connect);
  const client = await connect();
  const { memberId, groupInstanceId, generation } = leader;
  const leads = await join(client, groupId, { memberId, groupInstanceId });
  t.deepEqual(
    [leads.generation, leads.members.length],
    [generation, 2],
    'the answer was lost: the same again',
  );
  const follows = await join(client, groupId, { memberId: follower.memberId });
  t.deepEqual([follows.generation, follows.members], [generation, []]);
  endsUnanswered(join(await connect(), groupId, { memberId: follower.memberId, metadata: 'other' }));
  await untilCode(27, () => heartbeat(client, groupId, leader));
}

async function syncs(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { groupId, connect } = await newGroup(t, brokers);
  const { leader, follower } = await twoMembers(groupId, connect);
  const client = await connect();
  const parts = { 'no-member': 'nothing', [leader.memberId]: 'all' };
  t.is((await sync(client, groupId, leader, parts)).assignment, 'all', 'it does not wait for the others');
  t.deepEqual(await sync(client, groupId, follower, { [follower.memberId]: 'mine' }), {
    code: 0,
    assignment: '',
  });
  t.is(
    (await sync(client, groupId, leader, { [leader.memberId]: 'other' })).assignment,
    'all',
    'once is for all',
  );
  t.is((await describeGroup(client, groupId)).state, 'Stable');
}

async function neverSyncs(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { groupId, connect } = await newGroup(t, brokers);
  const limits = { rebalanceTimeoutMs: 3_000, sessionTimeoutMs: 30_000 };
  const { leader, follower } = await twoMembers(groupId, connect, limits);
  const client = await connect();
  t.is((await sync(client, groupId, leader)).code, 0);
  await untilCode(27, () => heartbeat(client, groupId, leader));
  t.is(await heartbeat(client, groupId, follower), 25);
}

async function leaderNeverSyncs(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { groupId, connect } = await newGroup(t, brokers);
  const limits = { rebalanceTimeoutMs: 3_000, sessionTimeoutMs: 30_000 };
  const { leader, follower } = await twoMembers(groupId, connect, limits);
  const client = await connect();
  t.is((await sync(client, groupId, follower)).code, 27, 'the leader was waited for');
  t.is(await heartbeat(client, groupId, leader), 25);
  const next = await join(client, groupId, { memberId: follower.memberId, ...limits });
  t.deepEqual([next.leaderId, next.generation], [follower.memberId, leader.generation + 1]);
}

async function leaderDies(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { groupId, connect } = await newGroup(t, brokers);
  const { follower } = await twoMembers(groupId, connect, {
    sessionTimeoutMs: 3_000,
    rebalanceTimeoutMs: 30_000,
  });
  const client = await connect();
  t.is((await sync(client, groupId, follower)).code, 27, 'after the session of the leader');
  const next = await join(client, groupId, { memberId: follower.memberId });
  t.deepEqual(next.members, [follower.memberId]);
}

async function diesWhileOthersJoin(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { groupId, connect } = await newGroup(t, brokers);
  const [one, two] = [await connect(), await connect()];
  const first = await joinAnew(one, groupId, { sessionTimeoutMs: 3_000, rebalanceTimeoutMs: 60_000 });
  t.is((await sync(one, groupId, first)).code, 0);
  const start = performance.now();
  const second = await joinAnew(two, groupId, { rebalanceTimeoutMs: 60_000 });
  t.deepEqual(second.members, [second.memberId]);
  t.true(performance.now() - start < 15_000, 'not after the time for a rebalance');
}

async function commitsKeepAlive(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { topic } = await newTopic(t, brokers);
  const { groupId, connect } = await newGroup(t, brokers);
  const client = await connect();
  const member = await joinAnew(client, groupId, { sessionTimeoutMs: 3_000 });
  t.is((await sync(client, groupId, member)).code, 0);
  const end = performance.now() + 4_000;
  while (performance.now() < end) {
    t.deepEqual(await commit(client, { groupId, ...member }, topic, [[0, 1]]), [0]);
    await sleep(300);
  }
}

async function givenIds(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { groupId, connect } = await newGroup(t, brokers);
  const [one, two] = [await connect(), await connect()];
  const given = await join(two, groupId, { sessionTimeoutMs: 3_000 });
  t.deepEqual([given.code, given.generation, given.leaderId], [79, -1, '']);
  t.is((await describeGroup(one, groupId)).state, 'Empty', 'an id makes no member');
  const first = await join(one, groupId, { version: 3 });
  t.deepEqual([first.code, first.members], [0, [first.memberId]], 'before version 4 it needs no id');
  t.is((await sync(one, groupId, first)).code, 0);
  const again = await join(one, groupId, { memberId: first.memberId });
  t.is(again.generation, first.generation + 1, 'a rebalance waits for the given id, as long as its session');
  t.is((await join(two, groupId, { memberId: given.memberId })).code, 25, 'which is over now');
}

async function givenIdLeaves(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { groupId, connect } = await newGroup(t, brokers);
  const client = await connect();
  const { memberId } = await join(client, groupId);
  t.is(await leave(client, groupId, { memberId }), 0);
  t.is((await join(client, groupId, { memberId })).code, 25);
}

async function lastLeaves(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { topic } = await newTopic(t, brokers);
  const { groupId, connect } = await newGroup(t, brokers);
  const client = await connect();
  const member = await joinAnew(client, groupId);
  await sync(client, groupId, member);
  t.deepEqual(await commit(client, { groupId, ...member }, topic, [[0, 7]]), [0]);
  t.is(await leaveAlone(client, groupId, member.memberId), 0);
  t.is(await leaveAlone(client, groupId, member.memberId), 25);
  t.is((await fetchOffsets(client, groupId, topic)).offsets[0]?.offset, 7, 'offsets stay');
  const next = await joinAnew(client, groupId, { protocolType: 'connect', protocols: ['another'] });
  t.deepEqual([next.code, next.generation], [0, member.generation + 2], 'an empty generation lies between');
  t.is((await describeGroup(client, groupId)).protocolType, 'connect');
  t.is(await deleteOffset(client, groupId, topic), 68, 'who are no consumers may read all');
  t.is(await leave(client, groupId, next), 0);
  t.is(await deleteOffset(client, groupId, topic), 0);
  t.is(await deleteGroup(client, groupId), 0);
  t.is((await describeGroup(client, groupId)).state, 'Dead');
}

async function offsetsOfReaders(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const [{ topic }, other] = [await newTopic(t, brokers), await newTopic(t, brokers)];
  const { groupId, connect } = await newGroup(t, brokers);
  const client = await connect();
  const member = await joinAnew(client, groupId, { metadata: subscription([topic]) });
  t.is(await deleteOffset(client, groupId, topic), 86);
  t.is(await deleteOffset(client, groupId, other.topic), 0, 'nobody reads it');
  t.is(await deleteOffset(client, groupId, 'no-such-topic'), 3);
  const { memberId } = member;
  t.is((await join(client, groupId, { memberId, metadata: Buffer.from([0, 0, 0, 9, 1]) })).code, 0);
  t.is(await deleteOffset(client, groupId, other.topic), 86, 'bytes that say nothing: it may read all');
}

async function withoutGroupId(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { topic } = await newTopic(t, brokers);
  const { connect } = await newGroup(t, brokers, '');
  const client = await connect();
  const who = { generation: 1, memberId: 'x' };
  t.is((await join(client, '')).code, 24);
  t.is((await sync(client, '', who)).code, 24);
  t.is(await heartbeat(client, '', who), 24);
  t.is(await leave(client, '', who), 24);
  t.is(await deleteOffset(client, '', topic), 24);
  t.is((await describeGroup(client, '')).code, 0);
  t.deepEqual(
    await commit(client, { groupId: '' }, topic, [[0, 1]]),
    [0],
    'simple consumers may be nameless',
  );
  t.is((await fetchOffsets(client, '', topic)).offsets[0]?.offset, 1);
}

/** How a group comes from one generation to the next. */
export const rebalanceCases: readonly ContractCase[] = [
  { title: 'the protocol that all know and most prefer is elected', run: elections },
  { title: 'between protocols with as many votes a hash decides', run: ties },
  {
    title: 'a follower that joins again rebalances the group only with other metadata',
    run: followerJoinsAgain,
  },
  { title: 'a leader that joins again rebalances the group', run: leaderJoinsAgain },
  { title: 'a lost answer to JoinGroup is given again until the leader has assigned', run: answersLost },
  { title: 'the leader assigns once, and who is left out gets nothing', run: syncs },
  { title: 'a member that never asks for its assignment is removed', run: neverSyncs },
  { title: 'a leader that never assigns is removed, and the others join again', run: leaderNeverSyncs },
  { title: 'a leader that falls silent before it assigns costs the others its session', run: leaderDies },
  { title: 'a member that falls silent during a rebalance is not waited for', run: diesWhileOthersJoin },
  { title: 'commits keep a session alive', run: commitsKeepAlive },
  { title: 'a rebalance waits for a member id that was given, but not the first one', run: givenIds },
  { title: 'who was given a member id may leave with it', run: givenIdLeaves },
  { title: 'an empty group keeps its offsets, and takes members of another kind', run: lastLeaves },
  { title: 'offsets of topics that a group reads are not deleted', run: offsetsOfReaders },
  { title: 'members need the id of a group, simple consumers do not', run: withoutGroupId },
];
