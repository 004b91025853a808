import type { ClaimInfo, TopicPartitionRef } from '../../index.ts';

/** `pid 12 on a, alive since 2026-01-31T12:00:00Z`; empty where the partition has no owner. */
export function claimText(claim: ClaimInfo | undefined): string {
  if (claim === undefined || claim.state === 'released') return '';
  const { state, startedAt } = claim;
  const time = startedAt?.replace(/\.\d+Z$/, 'Z');
  switch (state) {
    case 'alive':
      return `${ownerText(claim)}, alive${time === undefined ? '' : ` since ${time}`}`;
    case 'silent':
      return `${ownerText(claim)}, silent now${time === undefined ? '' : `, started ${time}`}`;
    case 'ended':
      return `${ownerText(claim)}, has stopped`;
  }
}

/** `pid 12 on a`, with its instanceId if it has one. */
export function ownerText({ pid, host, instanceId }: ClaimInfo): string {
  if (pid === undefined || host === undefined) return 'an owner that this version does not understand';
  return `pid ${pid} on ${host}${instanceId === undefined ? '' : ` (${instanceId})`}`;
}

/** The partitions of each owner, by its text. */
export function byOwner<Claim extends ClaimInfo & TopicPartitionRef>(
  claims: readonly Claim[],
): ReadonlyMap<string, readonly Claim[]> {
  const owners = new Map<string, Claim[]>();
  for (const claim of claims) {
    const owner = claimText(claim);
    owners.set(owner, [...(owners.get(owner) ?? []), claim]);
  }
  return owners;
}
