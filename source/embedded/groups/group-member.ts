import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import type { Timer } from '../../kernel/clock.ts';

/**
 * One way of assigning partitions that a member offers, with its metadata for the group's leader.
 */
export interface GroupProtocol {
  readonly name: string;
  readonly metadata: Buffer;
}

/** A JoinGroup request, and who sent it. */
export interface JoinRequest {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly protocolType: string;
  readonly protocols: readonly GroupProtocol[];
  /** From JoinGroup v4 on: a member without an id is given one and must join again with it. */
  readonly memberIdRequired: boolean;
}

export interface JoinedMember {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly metadata: Buffer;
}

/** The answer to JoinGroup. `members` is filled for the leader alone. */
export interface JoinAnswer {
  readonly code: number;
  readonly generation: number;
  readonly protocol: string;
  readonly leaderId: string;
  readonly memberId: string;
  readonly members: readonly JoinedMember[];
}

/** The answer to SyncGroup. */
export interface SyncAnswer {
  readonly code: number;
  readonly assignment: Buffer;
}

export const NO_ASSIGNMENT = Buffer.alloc(0);

/** The answer that refuses a JoinGroup. */
export function joinRefused(code: number, memberId: string): JoinAnswer {
  return { code, generation: -1, protocol: '', leaderId: '', memberId, members: [] };
}

/** One member of a group, with the requests of it that wait for the others. */
export class GroupMember {
  readonly id: string;
  readonly instanceId: string | null;
  request: JoinRequest;
  assignment: Buffer = NO_ASSIGNMENT;
  session: Timer | undefined;
  #join: ((answer: JoinAnswer) => void) | undefined;
  #sync: ((answer: SyncAnswer) => void) | undefined;

  constructor(id: string, request: JoinRequest) {
    this.id = id;
    this.instanceId = request.groupInstanceId;
    this.request = request;
  }

  get awaitsJoin(): boolean {
    return this.#join !== undefined;
  }

  get awaitsSync(): boolean {
    return this.#sync !== undefined;
  }

  /** Holds the request until {@link answerJoin}. Its session cannot expire meanwhile. */
  holdJoin(answer: (answer: JoinAnswer) => void): void {
    this.session?.cancel();
    this.answerJoin(joinRefused(ErrorCodes.UNKNOWN_MEMBER_ID, this.id));
    this.#join = answer;
  }

  holdSync(answer: (answer: SyncAnswer) => void): void {
    this.session?.cancel();
    this.answerSync({ code: ErrorCodes.REBALANCE_IN_PROGRESS, assignment: NO_ASSIGNMENT });
    this.#sync = answer;
  }

  answerJoin(answer: JoinAnswer): void {
    const held = this.#join;
    this.#join = undefined;
    held?.(answer);
  }

  answerSync(answer: SyncAnswer): void {
    const held = this.#sync;
    this.#sync = undefined;
    held?.(answer);
  }

  metadataFor(protocol: string): Buffer {
    return this.request.protocols.find(({ name }) => name === protocol)?.metadata ?? NO_ASSIGNMENT;
  }

  /** Whether a new JoinGroup offers exactly what the member offered before. */
  offersSame(protocols: readonly GroupProtocol[]): boolean {
    const before = this.request.protocols;
    return (
      before.length === protocols.length &&
      before.every(({ name, metadata }, i) => {
        const now = protocols[i];
        return now?.name === name && now.metadata.equals(metadata);
      })
    );
  }
}

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
  for (const [name, count] of votes) {
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
