import { randomUUID } from 'node:crypto';
import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import type { Clock, Timer } from '../../kernel/clock.ts';
import {
  GroupMember,
  NO_ASSIGNMENT,
  electProtocol,
  haveCommonProtocol,
  joinRefused,
} from './group-member.ts';
import type { JoinAnswer, JoinRequest, SyncAnswer } from './group-member.ts';
import { GroupMembers } from './group-members.ts';
import type { MemberIdentity } from './group-members.ts';
import { GroupOffsets } from './group-offsets.ts';

/**
 * ```
 *            first member joins              all have joined, or time is up
 *   Empty ─────────────────────► PreparingRebalance ─────────────────────► CompletingRebalance
 *     ▲                              ▲          │                              │
 *     │ nobody is left               │          │ nobody is left               │ the leader's SyncGroup
 *     └──────────────────────────────┼──────────┘                              ▼
 *                                    └──────── a member joins, leaves, or ── Stable
 *                                              falls silent
 * ```
 * Dead is a group that was deleted, or never was.
 */
export type GroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable' | 'Dead';

const MIN_SESSION_TIMEOUT_MS = 100;
const MAX_SESSION_TIMEOUT_MS = 1_800_000;

/**
 * A classic consumer group as its coordinator keeps it.
 *
 * @see https://cwiki.apache.org/confluence/display/KAFKA/Kafka+Client-side+Assignment+Proposal
 */
export class Group {
  readonly id: string;
  readonly offsets = new GroupOffsets();
  readonly #clock: Clock;
  readonly #members = new GroupMembers();
  /** Ids that were given out and not yet used, each with its time limit. */
  readonly #pending = new Map<string, Timer>();
  #state: GroupState = 'Empty';
  #generation = 0;
  #protocolType = '';
  #protocol = '';
  #leaderId = '';
  #emptySince: number;
  #rebalance: Timer | undefined;

  constructor(id: string, clock: Clock) {
    this.id = id;
    this.#clock = clock;
    this.#emptySince = clock.now();
  }

  get state(): GroupState {
    return this.#state;
  }

  /** '' as long as no member ever joined: then offsets expire one by one, else all at once. */
  get protocolType(): string {
    return this.#protocolType;
  }

  get protocol(): string {
    return this.#protocol;
  }

  get members(): Iterable<GroupMember> {
    return this.#members;
  }

  /** Monotonic time since which there is no member. */
  get emptySince(): number {
    return this.#emptySince;
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
    const pending = this.#pending.get(request.memberId);
    if (pending !== undefined) {
      pending.cancel();
      this.#pending.delete(request.memberId);
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
      this.#state === 'CompletingRebalance' || (this.#state === 'Stable' && member.id !== this.#leaderId);
    if (mayStay && member.offersSame(request.protocols)) {
      this.#beat(member);
      answer(this.#joined(member));
      return;
    }
    member.request = request;
    member.holdJoin(answer);
    this.#prepareRebalance();
  }

  sync(
    who: MemberIdentity,
    generation: number,
    assignments: ReadonlyMap<string, Buffer>,
    answer: (answer: SyncAnswer) => void,
  ): void {
    const code = this.#check(who, generation);
    const member = this.#members.get(who.memberId);
    if (code !== ErrorCodes.NONE || member === undefined) {
      answer({ code, assignment: NO_ASSIGNMENT });
    } else if (this.#state === 'PreparingRebalance') {
      answer({ code: ErrorCodes.REBALANCE_IN_PROGRESS, assignment: NO_ASSIGNMENT });
    } else if (this.#state === 'Stable') {
      this.#beat(member);
      answer({ code: ErrorCodes.NONE, assignment: member.assignment });
    } else {
      member.holdSync(answer);
      if (member.id === this.#leaderId) this.#assign(assignments);
    }
  }

  /** Returns an error code. */
  heartbeat(who: MemberIdentity, generation: number): number {
    const code = this.#check(who, generation);
    if (code !== ErrorCodes.NONE) return code;
    const member = this.#members.get(who.memberId);
    if (member !== undefined) this.#beat(member);
    return this.#state === 'PreparingRebalance' ? ErrorCodes.REBALANCE_IN_PROGRESS : ErrorCodes.NONE;
  }

  /** Returns an error code. A static member may be named by its instance id alone. */
  leave(who: MemberIdentity): number {
    const pending = this.#pending.get(who.memberId);
    if (pending !== undefined) {
      pending.cancel();
      this.#pending.delete(who.memberId);
      this.#tryCompleteJoin();
      return ErrorCodes.NONE;
    }
    const known = this.#members.byInstance(who.groupInstanceId);
    const memberId = who.memberId === '' ? (known?.id ?? '') : who.memberId;
    const code = this.#members.identify({ memberId, groupInstanceId: who.groupInstanceId });
    const member = this.#members.get(memberId);
    if (code === ErrorCodes.NONE && member !== undefined) this.#remove(member);
    return code;
  }

  /**
   * Whether a commit is accepted; returns an error code. Generation -1 and an empty member id make a simple
   * consumer, which may commit as long as the group has no members.
   */
  checkCommit(who: MemberIdentity, generation: number): number {
    if (generation < 0 && this.#state === 'Empty') return ErrorCodes.NONE;
    if (generation < 0 && who.memberId === '' && who.groupInstanceId === null) {
      return ErrorCodes.UNKNOWN_MEMBER_ID;
    }
    const code = this.#check(who, generation);
    if (code !== ErrorCodes.NONE) return code;
    const member = this.#members.get(who.memberId);
    if (member !== undefined) this.#beat(member);
    return this.#state === 'CompletingRebalance' ? ErrorCodes.REBALANCE_IN_PROGRESS : ErrorCodes.NONE;
  }

  /** The coordinator moved to another node: what waits here is told to look for it. Sessions start anew. */
  moved(): void {
    for (const member of this.#members) {
      member.answerJoin(joinRefused(ErrorCodes.NOT_COORDINATOR, member.id));
      member.answerSync({ code: ErrorCodes.NOT_COORDINATOR, assignment: NO_ASSIGNMENT });
      this.#beat(member);
    }
  }

  /** The group is gone: timers are called off. */
  die(): void {
    this.#state = 'Dead';
    this.#rebalance?.cancel();
    for (const timer of this.#pending.values()) timer.cancel();
    for (const member of this.#members) this.#forget(member);
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
      this.#replaceStatic(former, memberId, request, answer);
    } else if (groupInstanceId === null && request.memberIdRequired) {
      const expire = () => {
        this.#pending.delete(memberId);
        this.#tryCompleteJoin();
      };
      this.#pending.set(memberId, this.#clock.after(request.sessionTimeoutMs, expire));
      answer(joinRefused(ErrorCodes.MEMBER_ID_REQUIRED, memberId));
    } else {
      this.#add(memberId, request, answer);
    }
  }

  /** A static member was restarted: it takes the place of its former self, in Stable without a rebalance. */
  #replaceStatic(
    former: GroupMember,
    memberId: string,
    request: JoinRequest,
    answer: (answer: JoinAnswer) => void,
  ): void {
    const leaderBefore = this.#leaderId;
    const same = former.offersSame(request.protocols);
    const member = new GroupMember(memberId, request);
    member.assignment = former.assignment;
    this.#members.remove(former, ErrorCodes.FENCED_INSTANCE_ID);
    this.#members.add(member);
    if (this.#leaderId === former.id) this.#leaderId = memberId;
    if (this.#state === 'Stable' && same) {
      this.#beat(member);
      // Names the leader of before, so that a restarted leader does not assign anew.
      answer({ ...this.#joined(member), leaderId: leaderBefore, members: [] });
      return;
    }
    member.holdJoin(answer);
    this.#prepareRebalance();
  }

  #add(memberId: string, request: JoinRequest, answer: (answer: JoinAnswer) => void): void {
    const member = new GroupMember(memberId, request);
    if (this.#members.size === 0) this.#protocolType = request.protocolType;
    this.#members.add(member);
    member.holdJoin(answer);
    this.#prepareRebalance();
  }

  #remove(member: GroupMember): void {
    this.#forget(member);
    if (this.#state === 'PreparingRebalance') this.#tryCompleteJoin();
    else this.#prepareRebalance();
  }

  #forget(member: GroupMember): void {
    this.#members.remove(member, ErrorCodes.UNKNOWN_MEMBER_ID);
    if (member.id === this.#leaderId) this.#leaderId = '';
  }

  #prepareRebalance(): void {
    if (this.#state !== 'PreparingRebalance') {
      this.#state = 'PreparingRebalance';
      for (const member of this.#members) {
        member.assignment = NO_ASSIGNMENT;
        if (!member.awaitsSync) continue;
        member.answerSync({ code: ErrorCodes.REBALANCE_IN_PROGRESS, assignment: NO_ASSIGNMENT });
        this.#beat(member);
      }
      this.#limitRebalance(() => {
        for (const member of this.#members) {
          if (!member.awaitsJoin) this.#forget(member);
        }
        this.#completeJoin();
      });
    }
    this.#tryCompleteJoin();
  }

  #tryCompleteJoin(): void {
    if (this.#state !== 'PreparingRebalance' || this.#pending.size > 0) return;
    for (const member of this.#members) {
      if (!member.awaitsJoin) return;
    }
    this.#completeJoin();
  }

  #completeJoin(): void {
    this.#rebalance?.cancel();
    this.#generation++;
    const [first] = this.#members;
    if (first === undefined) {
      this.#state = 'Empty';
      this.#protocol = '';
      this.#emptySince = this.#clock.now();
      return;
    }
    this.#state = 'CompletingRebalance';
    this.#protocol = electProtocol(this.#members);
    if (this.#leaderId === '') this.#leaderId = first.id;
    for (const member of this.#members) {
      member.answerJoin(this.#joined(member));
      this.#beat(member);
    }
    this.#limitRebalance(() => {
      for (const member of this.#members) {
        if (!member.awaitsSync) this.#forget(member);
      }
      this.#prepareRebalance();
    });
  }

  #assign(assignments: ReadonlyMap<string, Buffer>): void {
    this.#rebalance?.cancel();
    this.#state = 'Stable';
    for (const member of this.#members) {
      member.assignment = assignments.get(member.id) ?? NO_ASSIGNMENT;
      member.answerSync({ code: ErrorCodes.NONE, assignment: member.assignment });
      this.#beat(member);
    }
  }

  /** Both halves of a rebalance end after the longest rebalance timeout of the members, with those that came. */
  #limitRebalance(onTimeout: () => void): void {
    this.#rebalance?.cancel();
    let limit = 0;
    for (const { request } of this.#members) limit = Math.max(limit, request.rebalanceTimeoutMs);
    this.#rebalance = this.#clock.after(limit, onTimeout);
  }

  /** Starts the member's session anew; a member that waits for an answer cannot expire. */
  #beat(member: GroupMember): void {
    member.session?.cancel();
    if (member.awaitsJoin || member.awaitsSync) return;
    member.session = this.#clock.after(member.request.sessionTimeoutMs, () => {
      this.#remove(member);
    });
  }

  #joined(member: GroupMember): JoinAnswer {
    const isLeader = member.id === this.#leaderId;
    return {
      code: ErrorCodes.NONE,
      generation: this.#generation,
      protocol: this.#protocol,
      leaderId: this.#leaderId,
      memberId: member.id,
      members: isLeader
        ? [...this.#members].map((each) => ({
            memberId: each.id,
            groupInstanceId: each.instanceId,
            metadata: each.metadataFor(this.#protocol),
          }))
        : [],
    };
  }

  #check(who: MemberIdentity, generation: number): number {
    const code = this.#members.identify(who);
    if (code !== ErrorCodes.NONE) return code;
    return generation === this.#generation ? ErrorCodes.NONE : ErrorCodes.ILLEGAL_GENERATION;
  }
}
