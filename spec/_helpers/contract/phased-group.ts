import type { ExecutionContext } from 'ava';
import { newGroup, newTopic } from '../raw/raw-cluster.ts';
import type { RawClient } from '../raw/raw-client.ts';
import { describeGroup, subscription } from '../raw/raw-group-admin.ts';
import { heartbeat, join, joinAnew, leaveTogether, sync } from '../raw/raw-group.ts';
import type { JoinOptions, RawMember } from '../raw/raw-group.ts';
import { commit } from '../raw/raw-offsets.ts';
import { until } from '../until.ts';
import type { Phase } from './group-phase-codes.ts';

/** A group that stays in one phase, whatever is refused. */
export interface PhasedGroup {
  readonly groupId: string;
  /** The topic that its members are subscribed to. */
  readonly topic: string;
  /** A connection on which nothing waits. */
  readonly client: RawClient;
  /** Leads the group: a static member. */
  readonly leader: Required<RawMember>;
  /** The other member, without an instance id. */
  readonly follower: RawMember;
}

const instance = 'instance-1';
const nobody: RawMember = { generation: 1, memberId: 'nobody' };

/** Brings a new group into a phase. In those with members, it has two. */
export async function phasedGroup(
  t: ExecutionContext,
  brokers: readonly string[],
  phase: Phase,
): Promise<PhasedGroup> {
  const { topic } = await newTopic(t, brokers);
  const { groupId, connect } = await newGroup(t, brokers);
  const client = await connect();
  if (phase === 'Dead' || phase === 'Committed') {
    if (phase === 'Committed') t.deepEqual(await commit(client, { groupId }, topic, [[0, 1]]), [0]);
    return { groupId, topic, client, leader: { ...nobody, groupInstanceId: instance }, follower: nobody };
  }
  const offered = { metadata: subscription([topic]), rebalanceTimeoutMs: 60_000, sessionTimeoutMs: 60_000 };
  const { leader, follower } = await twoMembers(groupId, connect, offered);
  const group = { groupId, topic, client, leader, follower };
  if (phase === 'CompletingRebalance') return group;
  const following = sync(await connect(), groupId, follower);
  await sync(client, groupId, leader, { [leader.memberId]: 'first', [follower.memberId]: 'second' });
  t.deepEqual(await following, { code: 0, assignment: 'second' });
  if (phase === 'Empty') {
    t.deepEqual(await leaveTogether(client, groupId, [leader, follower]), { code: 0, members: [0, 0] });
  }
  if (phase === 'PreparingRebalance') {
    endsUnanswered(joinAnew(await connect(), groupId, offered));
    await until(async () => (await describeGroup(client, groupId)).state === phase, {
      deadlineMs: 20_000,
      what: `${groupId} to rebalance`,
    });
  }
  return group;
}

/** A static member that leads, and another one, both in generation 2 and without assignments. */
export async function twoMembers(
  groupId: string,
  connect: () => Promise<RawClient>,
  offered: JoinOptions = {},
): Promise<{ leader: Required<RawMember>; follower: RawMember }> {
  const [one, two, three] = [await connect(), await connect(), await connect()];
  const first = {
    ...(await join(one, groupId, { ...offered, groupInstanceId: instance })),
    groupInstanceId: instance,
  };
  await sync(one, groupId, first);
  const joining = joinAnew(two, groupId, offered);
  await until(async () => (await heartbeat(three, groupId, first)) === 27, {
    deadlineMs: 20_000,
    what: 'the first member to hear of the second',
  });
  const { memberId, groupInstanceId } = first;
  const { generation } = await join(one, groupId, { ...offered, memberId, groupInstanceId });
  const follower = await joining;
  return { leader: { generation, memberId, groupInstanceId }, follower };
}

/** A stable group of two members with the assignments 'first' and 'second'. */
export async function stableGroup(
  t: ExecutionContext,
  brokers: readonly string[],
): Promise<{
  groupId: string;
  connect: () => Promise<RawClient>;
  leader: Required<RawMember>;
  follower: RawMember;
}> {
  const { groupId, connect } = await newGroup(t, brokers);
  const { leader, follower } = await twoMembers(groupId, connect);
  const client = await connect();
  await sync(client, groupId, leader, { [leader.memberId]: 'first', [follower.memberId]: 'second' });
  t.is((await sync(client, groupId, follower)).assignment, 'second');
  return { groupId, connect, leader, follower };
}

/** Waits until a request is answered with this error code. */
export async function untilCode(code: number, ask: () => Promise<number>): Promise<void> {
  await until(async () => (await ask()) === code, { deadlineMs: 20_000, what: `the error code ${code}` });
}

/** The connection of a request is closed, when its spec ends, before it was answered. */
export function endsUnanswered(request: Promise<unknown>): void {
  request.catch(() => undefined);
}
