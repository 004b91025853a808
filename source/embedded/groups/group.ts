import { randomUUID } from 'node:crypto';
import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import type { BoundedMemory } from '../bounded-memory.ts';
import { GroupMember, NO_ASSIGNMENT, joinRefused } from './group-member.ts';
import type { JoinAnswer, JoinRequest, SyncAnswer } from './group-member.ts';
import type { GroupMembers, MemberIdentity } from './group-members.ts';
import { GroupOffsets } from './group-offsets.ts';
import { GroupRebalance } from './group-rebalance.ts';
import type { GroupState, GroupSurroundings } from './group-rebalance.ts';
import type { GroupRules } from './group-rules.ts';
import { electProtocol } from './protocol-election.ts';

const CONSUMER = 'consumer';

/** What a group takes without members and offsets. */
export const GROUP_BYTES = 4_096;
/** The memory for all groups is used up: as where a group may have no more members. */
const noMemory = joinRefused(ErrorCodes.GROUP_MAX_SIZE_REACHED, '');

/** A SyncGroup request; only the leader's has assignments. */
export interface SyncRequest extends MemberIdentity {
  readonly generation: number;
  /** By member id. */
  readonly assignments: ReadonlyMap<string, Buffer>;
}

/**
 * A classic consumer group as its coordinator keeps it.
 *
 * @see https://cwiki.apache.org/confluence/display/KAFKA/Kafka+Client-side+Assignment+Proposal
 */
export class Group {
  readonly id: string;
  readonly offsets: GroupOffsets;
  readonly #memory: BoundedMemory;
  readonly #rebalance: GroupRebalance;
  readonly #members: GroupMembers;
  readonly #rules: GroupRules;
  #protocolType = '';

  /** The caller has taken {@link GROUP_BYTES}. */
  constructor(id: string, { clock, logger, rules, memory }: GroupSurroundings) {
    this.id = id;
    this.#rules = rules;
    this.#memory = memory;
    this.offsets = new GroupOffsets(memory);
    this.#rebalance = new GroupRebalance({ clock, logger: logger.child({ groupId: id }), rules, memory });
    this.#members = this.#rebalance.members;
  }

  get state(): GroupState {
    return this.#rebalance.state;
  }

  /**
   * '' as long as no member ever joined: then each offset expires by itself, else all of them
   * together.
   */
  get protocolType(): string {
    return this.#protocolType;
  }

  get protocol(): string {
    return this.#rebalance.generation.protocol;
  }

  get members(): Iterable<GroupMember> {
    return this.#members;
  }

  /** Monotonic time since which there is no member. */
  get emptySince(): number {
    return this.#rebalance.emptySince;
  }

  join(request: JoinRequest, answer: (answer: JoinAnswer) => void): void {
    const member = this.#members.get(request.memberId);
    const isPending = this.#rebalance.pending.has(request.memberId);
    if (!this.#hasRoomFor(member)) {
      if (member !== undefined) this.#rebalance.expel(member);
      this.#rebalance.pending.take(request.memberId);
      answer(joinRefused(ErrorCodes.GROUP_MAX_SIZE_REACHED, ''));
    } else if (!this.#supports(request)) {
      answer(joinRefused(ErrorCodes.INCONSISTENT_GROUP_PROTOCOL, request.memberId));
    } else if (request.memberId === '') {
      this.#joinUnknown(request, answer);
    } else if (isPending) {
      this.#joinPending(request, answer);
    } else {
      const code = this.#members.identify(request);
      if (member === undefined || code !== ErrorCodes.NONE) answer(joinRefused(code, request.memberId));
      else this.#joinAgain(member, request, answer);
    }
  }

  sync(request: SyncRequest, answer: (answer: SyncAnswer) => void): void {
    const code = this.#check(request, request.generation);
    const member = this.#members.get(request.memberId);
    if (code !== ErrorCodes.NONE || member === undefined) {
      answer({ code, assignment: NO_ASSIGNMENT });
    } else if (this.state === 'PreparingRebalance') {
      answer({ code: ErrorCodes.REBALANCE_IN_PROGRESS, assignment: NO_ASSIGNMENT });
    } else if (this.state === 'Stable') {
      this.#rebalance.synced(member);
      answer({ code: ErrorCodes.NONE, assignment: member.assignment });
    } else {
      member.holdSync(answer);
      this.#rebalance.synced(member);
      if (member.id === this.#members.leaderId) this.#rebalance.assign(request.assignments);
    }
  }

  /** Returns an error code. */
  heartbeat(who: MemberIdentity, generation: number): number {
    const code = this.#check(who, generation);
    if (code !== ErrorCodes.NONE) return code;
    const member = this.#members.get(who.memberId);
    if (member !== undefined) this.#rebalance.beat(member);
    return this.state === 'PreparingRebalance' ? ErrorCodes.REBALANCE_IN_PROGRESS : ErrorCodes.NONE;
  }

  /** Returns an error code. A static member may be named by its instance id alone. */
  leave(who: MemberIdentity): number {
    // A rebalance that waits for it alone is not ended by that, as with a broker.
    if (this.#rebalance.pending.take(who.memberId)) return ErrorCodes.NONE;
    const known = this.#members.byInstance(who.groupInstanceId);
    const memberId = who.memberId === '' ? (known?.id ?? '') : who.memberId;
    const code = this.#members.identify({ memberId, groupInstanceId: who.groupInstanceId });
    const member = this.#members.get(memberId);
    if (code === ErrorCodes.NONE && member !== undefined) this.#rebalance.remove(member);
    return code;
  }

  /**
   * The sessions of members end as if they had sent no heartbeat; returns how many did.
   *
   * @param memberId undefined: those of all members
   */
  expire(memberId: string | undefined): number {
    const expired = [...this.#members].filter(({ id }) => memberId === undefined || id === memberId);
    for (const member of expired) this.#rebalance.expire(member);
    return expired.length;
  }

  /**
   * Whether a commit is accepted; returns an error code. Generation -1 and an empty member id make
   * a simple consumer, which may commit as long as the group has no members. In a transaction such a
   * commit is accepted always, and a member's at any time of its generation.
   */
  checkCommit(
    who: MemberIdentity,
    generation: number,
    { transactional = false }: { readonly transactional?: boolean } = {},
  ): number {
    if (generation < 0 && this.state === 'Empty') return ErrorCodes.NONE;
    if (generation < 0 && who.memberId === '' && who.groupInstanceId === null) {
      return transactional ? ErrorCodes.NONE : ErrorCodes.UNKNOWN_MEMBER_ID;
    }
    const code = this.#check(who, generation);
    if (code !== ErrorCodes.NONE || transactional) return code;
    if (this.state === 'CompletingRebalance') return ErrorCodes.REBALANCE_IN_PROGRESS;
    const member = this.#members.get(who.memberId);
    if (member !== undefined) this.#rebalance.beat(member);
    return ErrorCodes.NONE;
  }

  /**
   * Whether a member says that it reads the topic: then its offsets are not deleted. Consumers whose
   * subscriptions nobody can read may read all.
   */
  isSubscribedTo(topic: string): boolean {
    const { subscribed } = this.#rebalance.generation;
    return this.#protocolType === CONSUMER && (subscribed?.has(topic) ?? true);
  }

  /**
   * The coordinator moved to another node: requests that wait here are answered with
   * NOT_COORDINATOR. Sessions restart.
   */
  moved(): void {
    this.#rebalance.moved();
  }

  /** The group is gone: timers are called off, and its memory is given back. */
  die(): void {
    this.#rebalance.die();
    this.offsets.forget();
    this.#memory.give(GROUP_BYTES);
  }

  /**
   * While members join, those that have joined count: so the last ones are left out, also where the
   * limit was higher before.
   */
  #hasRoomFor(member: GroupMember | undefined): boolean {
    const { maxSize } = this.#rules;
    if (this.state === 'Empty') return true;
    if (this.state !== 'PreparingRebalance') return member !== undefined || this.#members.size < maxSize;
    if (member?.awaitsJoin === true) return true;
    let joined = 0;
    for (const each of this.#members) if (each.awaitsJoin) joined++;
    return joined < maxSize;
  }

  #supports({ protocolType, protocols }: JoinRequest): boolean {
    if (this.state === 'Empty') return protocolType !== '' && protocols.length > 0;
    return protocolType === this.#protocolType && protocols.some(({ name }) => this.#members.know(name));
  }

  #joinUnknown(request: JoinRequest, answer: (answer: JoinAnswer) => void): void {
    const { groupInstanceId, clientId } = request;
    const memberId = `${groupInstanceId ?? clientId}-${randomUUID()}`;
    const former = this.#members.byInstance(groupInstanceId);
    if (former !== undefined) {
      this.#replaceStatic(former, new GroupMember(memberId, request, former), answer);
    } else if (groupInstanceId === null && request.memberIdRequired) {
      const isExpected = this.#rebalance.expect(memberId, request.sessionTimeoutMs);
      answer(isExpected ? joinRefused(ErrorCodes.MEMBER_ID_REQUIRED, memberId) : noMemory);
    } else {
      this.#add(memberId, request, answer);
    }
  }

  /** With the id that it was given. A static member is given none. */
  #joinPending(request: JoinRequest, answer: (answer: JoinAnswer) => void): void {
    if (request.groupInstanceId !== null) {
      answer(joinRefused(ErrorCodes.UNKNOWN_SERVER_ERROR, ''));
      return;
    }
    this.#rebalance.pending.take(request.memberId);
    this.#add(request.memberId, request, answer);
  }

  #joinAgain(member: GroupMember, request: JoinRequest, answer: (answer: JoinAnswer) => void): void {
    const mayStay =
      this.state === 'CompletingRebalance' ||
      (this.state === 'Stable' && member.id !== this.#members.leaderId);
    if (mayStay && member.offersSame(request.protocols)) {
      answer(this.#rebalance.generation.joined(member));
      return;
    }
    if (!this.#members.update(member, request)) {
      answer(noMemory);
      return;
    }
    member.holdJoin(answer);
    this.#rebalance.prepare();
  }

  /**
   * A static member was restarted: it takes the place of its former self. In Stable the group does
   * not rebalance for that, whatever the metadata, unless it would elect another protocol.
   */
  #replaceStatic(former: GroupMember, member: GroupMember, answer: (answer: JoinAnswer) => void): void {
    if (!this.#members.hasMemoryFor(member)) {
      answer(noMemory);
      return;
    }
    const leaderBefore = this.#members.leaderId;
    this.#rebalance.replace(former, member);
    if (this.state === 'Stable' && electProtocol(this.#members) === this.protocol) {
      // Names the former leader, so that a restarted leader does not assign again.
      answer({ ...this.#rebalance.generation.joined(member), leaderId: leaderBefore, members: [] });
      return;
    }
    member.holdJoin(answer);
    this.#rebalance.prepare();
  }

  #add(memberId: string, request: JoinRequest, answer: (answer: JoinAnswer) => void): void {
    const member = new GroupMember(memberId, request);
    if (!this.#members.hasMemoryFor(member)) {
      answer(noMemory);
      return;
    }
    if (this.#members.size === 0) this.#protocolType = request.protocolType;
    member.holdJoin(answer);
    this.#rebalance.add(member);
  }

  #check(who: MemberIdentity, generation: number): number {
    const code = this.#members.identify(who);
    if (code !== ErrorCodes.NONE) return code;
    return generation === this.#rebalance.generation.number ? ErrorCodes.NONE : ErrorCodes.ILLEGAL_GENERATION;
  }
}
