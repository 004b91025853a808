import type { GroupMember, GroupProtocol } from './group-member.ts';

/** The protocol that all members know and most of them prefer. */
export function electProtocol(members: Iterable<GroupMember>): string {
  const all = [...members];
  const votes = new Map<string, number>();
  for (const member of all) {
    const choice = member.request.protocols.find(({ name }) => all.every((other) => knows(other, name)));
    if (choice !== undefined) votes.set(choice.name, (votes.get(choice.name) ?? 0) + 1);
  }
  let elected = '';
  let most = 0;
  for (const [name, count] of [...votes].sort(([a], [b]) => bucket(a) - bucket(b))) {
    if (count > most) {
      elected = name;
      most = count;
    }
  }
  return elected;
}

/** Whether a newcomer and the members there have one protocol that all of them know. */
export function haveCommonProtocol(
  members: Iterable<GroupMember>,
  protocols: readonly GroupProtocol[],
): boolean {
  const all = [...members];
  return protocols.some(({ name }) => all.every((member) => knows(member, name)));
}

function knows(member: GroupMember, protocol: string): boolean {
  return member.request.protocols.some(({ name }) => name === protocol);
}

/**
 * Where a small HashMap of Java keeps a name: brokers count the votes in one, and of protocols with
 * equally many take the first that it gives.
 */
function bucket(name: string): number {
  let hash = 0;
  for (let i = 0; i < name.length; i++) hash = (Math.imul(31, hash) + name.charCodeAt(i)) | 0;
  return (hash ^ (hash >>> 16)) & 15;
}
