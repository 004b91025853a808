import type { GroupMembers } from './group-members.ts';

/** The protocol that all members know and most of them prefer. */
export function electProtocol(members: GroupMembers): string {
  const votes = new Map<string, number>();
  for (const { request } of members) {
    const choice = request.protocols.find(({ name }) => members.know(name));
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

/**
 * Where a small HashMap of Java keeps a name: brokers count the votes in one, and of protocols with
 * equally many take the first that it gives.
 */
function bucket(name: string): number {
  let hash = 0;
  for (let i = 0; i < name.length; i++) hash = (Math.imul(31, hash) + name.charCodeAt(i)) | 0;
  return (hash ^ (hash >>> 16)) & 15;
}
