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

/** What a member takes beside the texts that it sent. */
const MEMBER_BYTES = 2_048;
const PROTOCOL_BYTES = 256;

/** The answer that refuses a JoinGroup. */
export function joinRefused(code: number, memberId: string): JoinAnswer {
  return { code, generation: -1, protocol: '', leaderId: '', memberId, members: [] };
}

/** One member of a group, with the requests of it that wait for the others. */
export class GroupMember {
  readonly id: string;
  readonly instanceId: string | null;
  /** Of the client that joined first: a static member that is restarted keeps them. */
  readonly client: Pick<JoinRequest, 'clientId' | 'clientHost'>;
  request: JoinRequest;
  assignment: Buffer;
  session: Timer | undefined;
  /** Until its first JoinGroup is answered. Only then may its session expire while it waits. */
  isNew = true;
  #join: ((answer: JoinAnswer) => void) | undefined;
  #sync: ((answer: SyncAnswer) => void) | undefined;

  constructor(id: string, request: JoinRequest, former?: GroupMember) {
    this.id = id;
    this.instanceId = request.groupInstanceId;
    this.client = former?.client ?? request;
    this.assignment = former?.assignment ?? NO_ASSIGNMENT;
    this.request = request;
  }

  /** The memory that it takes. */
  get bytes(): number {
    return MEMBER_BYTES + requestBytes(this.request) + this.assignment.length;
  }

  get awaitsJoin(): boolean {
    return this.#join !== undefined;
  }

  get awaitsSync(): boolean {
    return this.#sync !== undefined;
  }

  /** Whether its silence means nothing: it waits for an answer. */
  get mayBeSilent(): boolean {
    return !this.isNew && (this.awaitsJoin || this.awaitsSync);
  }

  /** Holds the request until {@link answerJoin}. */
  holdJoin(answer: (answer: JoinAnswer) => void): void {
    this.answerJoin(joinRefused(ErrorCodes.UNKNOWN_MEMBER_ID, this.id));
    this.#join = answer;
  }

  /** Holds the request until {@link answerSync}. */
  holdSync(answer: (answer: SyncAnswer) => void): void {
    this.answerSync({ code: ErrorCodes.REBALANCE_IN_PROGRESS, assignment: NO_ASSIGNMENT });
    this.#sync = answer;
  }

  answerJoin(answer: JoinAnswer): void {
    const held = this.#join;
    if (answer.code === ErrorCodes.NONE) this.isNew = false;
    this.#join = undefined;
    held?.(answer);
  }

  answerSync(answer: SyncAnswer): void {
    const held = this.#sync;
    this.#sync = undefined;
    held?.(answer);
  }

  /** Answers what it waits for with an error code. */
  refuse(code: number): void {
    this.answerJoin(joinRefused(code, this.id));
    this.answerSync({ code, assignment: NO_ASSIGNMENT });
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

/** The memory that what a member offers takes. */
export function requestBytes({ protocols }: JoinRequest): number {
  let bytes = 0;
  for (const { name, metadata } of protocols) bytes += PROTOCOL_BYTES + name.length + metadata.length;
  return bytes;
}
