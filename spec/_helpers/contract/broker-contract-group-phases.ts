import { deleteGroup, deleteOffset, describeGroup } from '../raw/raw-group-admin.ts';
import { heartbeat, join, leave, sync } from '../raw/raw-group.ts';
import type { JoinOptions, RawMember } from '../raw/raw-group.ts';
import { commit, fetchOffsets } from '../raw/raw-offsets.ts';
import { present } from '../raw/present.ts';
import type { ContractCase } from './contract-case.ts';
import { adminAnswers, phaseCodes, phases } from './group-phase-codes.ts';
import type { MemberApi, Phase } from './group-phase-codes.ts';
import { phasedGroup } from './phased-group.ts';
import type { PhasedGroup } from './phased-group.ts';

/** Who may ask: the two members of a group, and those that are none. */
const askers: Readonly<Record<string, (group: PhasedGroup) => RawMember>> = {
  'a static member': ({ leader }) => leader,
  'a member': ({ follower }) => follower,
  'a static member without its instance id': ({ leader: { generation, memberId } }) => ({
    generation,
    memberId,
  }),
  'a member in the former generation': ({ follower }) => inGeneration(follower, follower.generation - 1),
  'a member in the next generation': ({ follower }) => inGeneration(follower, follower.generation + 1),
  'another id': ({ follower }) => ({ ...follower, memberId: 'another' }),
  'another id with the instance id': ({ leader }) => ({ ...leader, memberId: 'another' }),
  'an instance id alone': ({ leader }) => ({ ...leader, memberId: '' }),
  'a member with another instance id': ({ follower }) => ({ ...follower, groupInstanceId: 'another' }),
  'a member without a generation': ({ follower }) => inGeneration(follower, -1),
  'no member': () => ({ generation: -1, memberId: '' }),
};

/** Requests to join that are refused, or only given an id. */
const joins: Readonly<Record<string, (group: PhasedGroup) => JoinOptions>> = {
  'a protocol that no member knows': () => ({ protocols: ['another'] }),
  'another type of protocol': () => ({ protocolType: 'connect' }),
  'a session that is too short': () => ({ sessionTimeoutMs: 1 }),
  'a session that is too long': () => ({ sessionTimeoutMs: 1_800_001 }),
  'an id that was never given': () => ({ memberId: 'another' }),
  'another id with the instance id': ({ leader: { groupInstanceId } }) => ({
    memberId: 'another',
    groupInstanceId,
  }),
  'a member with another instance id': ({ follower: { memberId } }) => ({
    memberId,
    groupInstanceId: 'another',
  }),
  'a member with another protocol': ({ follower: { memberId } }) => ({ memberId, protocols: ['another'] }),
};

type Ask = (group: PhasedGroup, asker: string) => Promise<number | undefined>;

const asks: Readonly<Record<MemberApi, Ask>> = {
  Heartbeat: (group, asker) => heartbeat(group.client, group.groupId, who(group, asker)),
  SyncGroup: async (group, asker) => (await sync(group.client, group.groupId, who(group, asker))).code,
  OffsetCommit: async (group, asker) => {
    const { client, groupId, topic } = group;
    return (await commit(client, { groupId, ...who(group, asker) }, topic, [[0, 1]]))[0];
  },
  LeaveGroup: (group, asker) => leave(group.client, group.groupId, who(group, asker)),
  JoinGroup: async (group, asker) =>
    (await join(group.client, group.groupId, present(joins[asker])(group))).code,
};

function memberCase(api: MemberApi, phase: Phase): ContractCase {
  return {
    title: `${api} is answered by who asks, in ${phase}`,
    async run(t, brokers) {
      const group = await phasedGroup(t, brokers, phase);
      const expected: Record<string, number> = {};
      const answered: Record<string, number | undefined> = {};
      for (const [asker, row] of Object.entries(phaseCodes[api])) {
        const code = row[phases.indexOf(phase)] ?? null;
        if (code === null) continue;
        expected[asker] = code;
        answered[asker] = await asks[api](group, asker);
      }
      t.deepEqual(answered, expected);
    },
  };
}

const assignments: Partial<Record<Phase, string[]>> = {
  PreparingRebalance: ['', 'first', 'second'],
  CompletingRebalance: ['', ''],
  Stable: ['first', 'second'],
};

function adminCase(phase: Phase): ContractCase {
  return {
    title: `a group is described and deleted as its phase allows, in ${phase}`,
    async run(t, brokers) {
      const { client, groupId, topic } = await phasedGroup(t, brokers, phase);
      const { described, ...codes } = adminAnswers[phase];
      const { members, ...shown } = await describeGroup(client, groupId);
      t.deepEqual({ ...shown, members: members.length }, { code: 0, ...described });
      const isStable = phase === 'Stable';
      t.true(
        members.every(({ metadata }) => metadata.includes(topic) === isStable),
        'shown in Stable alone',
      );
      const parts = members.map(({ assignment }) => assignment).sort();
      t.deepEqual(parts, assignments[phase] ?? [], 'of the last generation, until there are others');
      const offset = phase === 'Committed' ? 1 : -1;
      const fetched = { code: 0, offsets: [{ topic, partition: 0, offset, metadata: '', code: 0 }] };
      t.deepEqual(await fetchOffsets(client, groupId, topic), fetched);
      t.is(await deleteOffset(client, groupId, topic), codes.deleteOffset);
      t.is(await deleteGroup(client, groupId), codes.deleteGroup);
    },
  };
}

function who(group: PhasedGroup, asker: string): RawMember {
  return present(askers[asker])(group);
}

function inGeneration(member: RawMember, generation: number): RawMember {
  return { ...member, generation };
}

/** Every phase of a group with everybody's requests: the codes that clients rely on. */
export const groupPhaseCases: readonly ContractCase[] = phases.flatMap((phase) => [
  ...(Object.keys(asks) as MemberApi[]).map((api) => memberCase(api, phase)),
  adminCase(phase),
]);
