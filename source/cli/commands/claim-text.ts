import type { ClaimInfo } from '../../index.ts';

/** `pid 12 on a, alive since 2026-01-31T12:00:00Z`; empty where nobody has the partition. */
export function claimText(claim: ClaimInfo | undefined): string {
  if (claim === undefined || claim.state === 'released') return '';
  const { state } = claim;
  const since = sinceOf(claim);
  switch (state) {
    case 'alive':
      return `${ownerText(claim)}, alive${since}`;
    case 'silent':
      return `${ownerText(claim)}, silent now, there${since}`;
    case 'ended':
      return `${ownerText(claim)}, has ended`;
  }
}

/** `pid 12 on a`, with its instanceId if it has one. */
export function ownerText({ pid, host, instanceId }: ClaimInfo): string {
  if (pid === undefined || host === undefined) return 'an owner that this version cannot read';
  return `pid ${pid} on ${host}${instanceId === undefined ? '' : ` (${instanceId})`}`;
}

function sinceOf({ startedAt }: ClaimInfo): string {
  return startedAt === undefined ? '' : ` since ${startedAt.replace(/\.\d+Z$/, 'Z')}`;
}
