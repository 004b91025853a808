import type { ExecutionContext } from 'ava';
import type { ContractCase } from './contract-case.ts';
import { newGroup, newTopic } from '../raw/raw-cluster.ts';
import { heartbeat, join, joinAnew, leave, sync } from '../raw/raw-group.ts';
import { commit, fetchOffsets } from '../raw/raw-offsets.ts';
import { until } from '../until.ts';

const deadlineMs = 20_000;

async function simpleCommits(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { topic } = await newTopic(t, brokers, 2);
  const { groupId, connect } = await newGroup(t, brokers);
  const client = await connect();
  t.deepEqual((await fetchOffsets(client, groupId, topic)).offsets, [
    { topic, partition: 0, offset: -1, metadata: '', code: 0 },
  ]);
  t.deepEqual(await commit(client, { groupId, generation: 1, memberId: 'x' }, topic, [[0, 1]]), [22]);
  t.deepEqual(
    await commit(client, { groupId }, topic, [
      [99, 1],
      [0, 10, 'note'],
    ]),
    [3, 0],
    'each partition is judged alone',
  );
  t.deepEqual(await commit(client, { groupId }, topic, [[0, 4, 'n'.repeat(4_096)]]), [0], 'back is allowed');
  t.deepEqual(await commit(client, { groupId }, topic, [[0, 5, 'n'.repeat(4_097)]]), [12]);
  t.deepEqual(await commit(client, { groupId }, topic, [[1, 7]]), [0]);
  const { code, offsets } = await fetchOffsets(client, groupId);
  t.is(code, 0);
  t.deepEqual(offsets.map(({ partition, offset }) => [partition, offset]).sort(), [
    [0, 4],
    [1, 7],
  ]);
}

async function memberStates(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { topic } = await newTopic(t, brokers);
  const { groupId, connect } = await newGroup(t, brokers);
  const [one, two, three] = [await connect(), await connect(), await connect()];
  const unknown = await join(one, groupId);
  t.is(unknown.code, 79, 'a member without an id gets one and must join again');
  const first = await join(one, groupId, { memberId: unknown.memberId });
  t.deepEqual([first.code, first.leaderId, first.members], [0, unknown.memberId, [unknown.memberId]]);
  const who = { groupId, ...first };
  t.is(await heartbeat(one, groupId, first), 0, 'CompletingRebalance: heartbeats are taken');
  t.deepEqual(await commit(one, who, topic, [[0, 1]]), [27], 'but no commits');
  t.deepEqual(await sync(one, groupId, first, { [first.memberId]: 'all' }), { code: 0, assignment: 'all' });
  t.is(await heartbeat(one, groupId, first), 0);
  t.deepEqual(await commit(one, who, topic, [[0, 1]]), [0]);
  t.deepEqual(await commit(one, { groupId }, topic, [[0, 2]]), [25], 'no simple commits beside members');
  t.deepEqual(await commit(one, { ...who, memberId: 'foreign' }, topic, [[0, 2]]), [25]);
  t.deepEqual(await commit(one, { ...who, generation: first.generation - 1 }, topic, [[0, 2]]), [22]);
  t.is(await heartbeat(one, groupId, { ...first, generation: first.generation + 1 }), 22);

  const joining = joinAnew(two, groupId);
  await until(async () => (await heartbeat(one, groupId, first)) === 27, {
    deadlineMs,
    what: 'the first member to hear of the second',
  });
  t.deepEqual(await commit(one, who, topic, [[0, 2]]), [0], 'PreparingRebalance: old generation commits');
  t.is((await sync(one, groupId, first)).code, 27);
  const again = await join(one, groupId, { memberId: first.memberId });
  const second = await joining;
  t.is(second.generation, first.generation + 1);
  t.is(second.leaderId, first.memberId);
  t.deepEqual([...again.members].sort(), [first.memberId, second.memberId].sort());
  t.deepEqual(second.members, [], 'only the leader hears of the members');
  t.deepEqual(await commit(three, who, topic, [[0, 3]]), [22]);
  const following = sync(two, groupId, second);
  t.is((await sync(one, groupId, again, { [first.memberId]: 'a', [second.memberId]: 'b' })).assignment, 'a');
  t.deepEqual(await following, { code: 0, assignment: 'b' });

  t.is(await leave(two, groupId, second), 0);
  t.is(await leave(two, groupId, second), 25);
  t.is(await heartbeat(one, groupId, again), 27);
  t.is(await leave(one, groupId, again), 0);
  t.deepEqual(await commit(three, { groupId }, topic, [[0, 9]]), [0], 'simple commits once all have left');
}

async function silentMembers(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { groupId, connect } = await newGroup(t, brokers);
  const client = await connect();
  const member = await joinAnew(client, groupId, { sessionTimeoutMs: 6_000 });
  t.is((await sync(client, groupId, member, {})).code, 0);
  const start = performance.now();
  const { topic } = await newTopic(t, brokers);
  await until(async () => (await commit(client, { groupId }, topic, [[0, 1]]))[0] === 0, {
    deadlineMs,
    what: 'the silent member to be removed',
  });
  const silence = performance.now() - start;
  t.true(silence > 5_500 && silence < 9_000, `removed after ${silence} ms`);
  t.is(await heartbeat(client, groupId, member), 25);
}

async function lateMembers(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { groupId, connect } = await newGroup(t, brokers);
  const [one, two] = [await connect(), await connect()];
  const first = await joinAnew(one, groupId, { rebalanceTimeoutMs: 1_000 });
  t.is((await sync(one, groupId, first, {})).code, 0);
  const second = await joinAnew(two, groupId, { rebalanceTimeoutMs: 1_000 });
  t.is(second.code, 0);
  t.deepEqual(second.members, [second.memberId]);
  t.is(await heartbeat(one, groupId, first), 25, 'who did not join again in time is out');
}

async function staticMembers(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { groupId, connect } = await newGroup(t, brokers);
  const [one, two] = [await connect(), await connect()];
  const groupInstanceId = 'instance-1';
  const first = await join(one, groupId, { groupInstanceId });
  t.is(first.code, 0, 'a static member needs no second call');
  const before = { ...first, groupInstanceId };
  t.is((await sync(one, groupId, before, { [first.memberId]: 'all' })).code, 0);
  const restarted = await join(two, groupId, { groupInstanceId });
  t.deepEqual([restarted.code, restarted.generation, restarted.members], [0, first.generation, []]);
  t.not(restarted.memberId, first.memberId);
  const after = { ...restarted, groupInstanceId };
  t.deepEqual(await sync(two, groupId, after), { code: 0, assignment: 'all' });
  t.is(await heartbeat(two, groupId, after), 0);
  t.is(await heartbeat(one, groupId, before), 82, 'the former self is fenced');
  t.is(await heartbeat(one, groupId, first), 25);
  t.is(await leave(one, groupId, { memberId: '', groupInstanceId }), 0, 'it may leave by its instance id');
  t.is(await heartbeat(two, groupId, after), 25);
}

/** OffsetCommit, OffsetFetch, JoinGroup, SyncGroup, Heartbeat, LeaveGroup. */
export const groupCases: readonly ContractCase[] = [
  { title: 'who is no member may commit as long as the group has none', run: simpleCommits },
  { title: 'members are answered by the state of their group', run: memberStates },
  { title: 'a member that falls silent is removed after its session timeout', run: silentMembers },
  { title: 'a member that does not join again in time is removed', run: lateMembers },
  { title: 'a static member that restarts keeps its place', run: staticMembers },
];
