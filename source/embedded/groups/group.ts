import { randomUUID } from 'node:crypto';
import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { Logger } from '../../kernel/logger.ts';
import { GroupMember, NO_ASSIGNMENT, haveCommonProtocol, joinRefused } from './group-member.ts';
import type { JoinAnswer, JoinRequest, SyncAnswer } from './group-member.ts';
import type { GroupMembers, MemberIdentity } from './group-members.ts';
import { GroupOffsets } from './group-offsets.ts';
import { GroupRebalance } from './group-rebalance.ts';
import type { GroupState } from './group-rebalance.ts';

const MIN_SESSION_TIMEOUT_MS = 100;
const MAX_SESSION_TIMEOUT_MS = 1_800_000;

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
  readonly offsets = new GroupOffsets();
  readonly #rebalance: GroupRebalance;
  readonly #members: GroupMembers;
  #protocolType = '';

  constructor(id: string, clock: Clock, logger: Logger) {
    this.id = id;
    this.#rebalance = new GroupRebalance(clock, logger.child({ groupId: id }));
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
    return this.#rebalance.protocol;
  }

  get members(): Iterable<GroupMember> {
    return this.#members;
  }

  /** Monotonic time since which there is no member. */
  get emptySince(): number {
    return this.#rebalance.emptySince;
  }

  join(request: JoinRequest, answer: (answer: JoinAnswer) => void): void {
    const refusal = this.#joinRefusal(request);
    if (refusal !== ErrorCodes.NONE) {
      answer(joinRefused(refusal, request.memberId));
      return;
    }
    if (request.memberId === '') {
      this.#joinUnknown(request, answer);
      return;
    }
    if (this.#rebalance.pending.take(request.memberId)) {
      this.#add(request.memberId, request, answer);
      return;
    }
    const code = this.#members.identify(request);
    const member = this.#members.get(request.memberId);
    if (member === undefined || code !== ErrorCodes.NONE) {
      answer(joinRefused(code, request.memberId));
      return;
    }
    const mayStay =
      this.state === 'CompletingRebalance' ||
      (this.state === 'Stable' && member.id !== this.#rebalance.leaderId);
    if (mayStay && member.offersSame(request.protocols)) {
      this.#rebalance.beat(member);
      answer(this.#rebalance.joined(member));
      return;
    }
    member.request = request;
    member.holdJoin(answer);
    this.#rebalance.prepare();
  }

  sync(request: SyncRequest, answer: (answer: SyncAnswer) => void): void {
    const code = this.#check(request, request.generation);
    const member = this.#members.get(request.memberId);
    if (code !== ErrorCodes.NONE || member === undefined) {
      answer({ code, assignment: NO_ASSIGNMENT });
    } else if (this.state === 'PreparingRebalance') {
      answer({ code: ErrorCodes.REBALANCE_IN_PROGRESS, assignment: NO_ASSIGNMENT });
    } else if (this.state === 'Stable') {
      this.#rebalance.beat(member);
      answer({ code: ErrorCodes.NONE, assignment: member.assignment });
    } else {
      member.holdSync(answer);
      if (member.id === this.#rebalance.leaderId) this.#rebalance.assign(request.assignments);
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
    if (this.#rebalance.pending.take(who.memberId)) {
      this.#rebalance.tryCompleteJoin();
      return ErrorCodes.NONE;
    }
    const known = this.#members.byInstance(who.groupInstanceId);
    const memberId = who.memberId === '' ? (known?.id ?? '') : who.memberId;
    const code = this.#members.identify({ memberId, groupInstanceId: who.groupInstanceId });
    const member = this.#members.get(memberId);
    if (code === ErrorCodes.NONE && member !== undefined) this.#rebalance.remove(member);
    return code;
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
    const member = this.#members.get(who.memberId);
    if (member !== undefined) this.#rebalance.beat(member);
    return this.state === 'CompletingRebalance' ? ErrorCodes.REBALANCE_IN_PROGRESS : ErrorCodes.NONE;
  }

  /**
   * The coordinator moved to another node: requests that wait here are answered with
   * NOT_COORDINATOR. Sessions restart.
   */
  moved(): void {
    for (const member of this.#members) {
      member.answerJoin(joinRefused(ErrorCodes.NOT_COORDINATOR, member.id));
      member.answerSync({ code: ErrorCodes.NOT_COORDINATOR, assignment: NO_ASSIGNMENT });
      this.#rebalance.beat(member);
    }
  }

  /** The group is gone: timers are called off. */
  die(): void {
    this.#rebalance.die();
  }

  #joinRefusal(request: JoinRequest): number {
    const { sessionTimeoutMs, protocolType, protocols } = request;
    if (sessionTimeoutMs < MIN_SESSION_TIMEOUT_MS || sessionTimeoutMs > MAX_SESSION_TIMEOUT_MS) {
      return ErrorCodes.INVALID_SESSION_TIMEOUT;
    }
    if (protocolType === '' || protocols.length === 0) return ErrorCodes.INCONSISTENT_GROUP_PROTOCOL;
    if (this.#members.size === 0) return ErrorCodes.NONE;
    return protocolType === this.#protocolType && haveCommonProtocol(this.#members, protocols)
      ? ErrorCodes.NONE
      : ErrorCodes.INCONSISTENT_GROUP_PROTOCOL;
  }

  #joinUnknown(request: JoinRequest, answer: (answer: JoinAnswer) => void): void {
    const { groupInstanceId, clientId } = request;
    const memberId = `${groupInstanceId ?? clientId}-${randomUUID()}`;
    const former = this.#members.byInstance(groupInstanceId);
    if (former !== undefined) {
      this.#replaceStatic(former, new GroupMember(memberId, request), answer);
    } else if (groupInstanceId === null && request.memberIdRequired) {
      this.#rebalance.pending.add(memberId, request.sessionTimeoutMs, () => {
        this.#rebalance.tryCompleteJoin();
      });
      answer(joinRefused(ErrorCodes.MEMBER_ID_REQUIRED, memberId));
    } else {
      this.#add(memberId, request, answer);
    }
  }

  /**
   * A static member was restarted: it takes the place of its former self, in Stable without a
   * rebalance.
   */
  #replaceStatic(former: GroupMember, member: GroupMember, answer: (answer: JoinAnswer) => void): void {
    const leaderBefore = this.#rebalance.leaderId;
    const same = former.offersSame(member.request.protocols);
    member.assignment = former.assignment;
    this.#members.remove(former, ErrorCodes.FENCED_INSTANCE_ID);
    this.#members.add(member);
    if (this.#rebalance.leaderId === former.id) this.#rebalance.leaderId = member.id;
    if (this.state === 'Stable' && same) {
      this.#rebalance.beat(member);
      // Names the former leader, so that a restarted leader does not assign again.
      answer({ ...this.#rebalance.joined(member), leaderId: leaderBefore, members: [] });
      return;
    }
    member.holdJoin(answer);
    this.#rebalance.prepare();
  }

  #add(memberId: string, request: JoinRequest, answer: (answer: JoinAnswer) => void): void {
    const member = new GroupMember(memberId, request);
    if (this.#members.size === 0) this.#protocolType = request.protocolType;
    this.#members.add(member);
    member.holdJoin(answer);
    this.#rebalance.prepare();
  }

  #check(who: MemberIdentity, generation: number): number {
    const code = this.#members.identify(who);
    if (code !== ErrorCodes.NONE) return code;
    return generation === this.#rebalance.generation ? ErrorCodes.NONE : ErrorCodes.ILLEGAL_GENERATION;
  }
}
