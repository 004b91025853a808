import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import type { Clock, Timer } from '../../kernel/clock.ts';
import type { Logger } from '../../kernel/logger.ts';
import { NO_ASSIGNMENT, electProtocol } from './group-member.ts';
import type { GroupMember, JoinAnswer } from './group-member.ts';
import { GroupMembers } from './group-members.ts';
import { PendingMembers } from './pending-members.ts';

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

/**
 * The members of a group, and the state that they bring it into: who joins, who leads, which
 * generation this is.
 */
export class GroupRebalance {
  readonly members = new GroupMembers();
  readonly pending: PendingMembers;
  /** Of the member that assigns; '' until one is chosen. */
  leaderId = '';
  readonly #clock: Clock;
  /** Names the group on each line. */
  readonly #logger: Logger;
  #state: GroupState = 'Empty';
  #generation = 0;
  #protocol = '';
  #emptySince: number;
  #timeLimit: Timer | undefined;

  constructor(clock: Clock, logger: Logger) {
    this.#logger = logger;
    this.#clock = clock;
    this.pending = new PendingMembers(clock);
    this.#emptySince = clock.now();
  }

  get state(): GroupState {
    return this.#state;
  }

  get generation(): number {
    return this.#generation;
  }

  get protocol(): string {
    return this.#protocol;
  }

  /** Monotonic time since which there is no member. */
  get emptySince(): number {
    return this.#emptySince;
  }

  /** All members are asked to join again, those that wait for their assignments too. */
  prepare(): void {
    if (this.#state !== 'PreparingRebalance') {
      const members = this.members.size;
      if (members > 0) this.#logger.info('A group rebalances', { members, generation: this.#generation });
      this.#state = 'PreparingRebalance';
      for (const member of this.members) {
        member.assignment = NO_ASSIGNMENT;
        if (!member.awaitsSync) continue;
        member.answerSync({ code: ErrorCodes.REBALANCE_IN_PROGRESS, assignment: NO_ASSIGNMENT });
        this.beat(member);
      }
      this.#limitTime(() => {
        for (const member of this.members) {
          if (!member.awaitsJoin) this.#leaveBehind(member, 'did not join again in time');
        }
        this.#completeJoin();
      });
    }
    this.tryCompleteJoin();
  }

  /** Ends the first half of a rebalance if nobody is waited for. */
  tryCompleteJoin(): void {
    if (this.#state !== 'PreparingRebalance' || this.pending.size > 0) return;
    for (const member of this.members) {
      if (!member.awaitsJoin) return;
    }
    this.#completeJoin();
  }

  /** Ends the second half: every member gets what the leader assigned to it. */
  assign(assignments: ReadonlyMap<string, Buffer>): void {
    this.#timeLimit?.cancel();
    this.#state = 'Stable';
    for (const member of this.members) {
      member.assignment = assignments.get(member.id) ?? NO_ASSIGNMENT;
      member.answerSync({ code: ErrorCodes.NONE, assignment: member.assignment });
      this.beat(member);
    }
    this.#logger.info('A group is stable', {
      members: this.members.size,
      generation: this.#generation,
      protocol: this.#protocol,
    });
  }

  /** Restarts the member's session; a member that waits for an answer cannot expire. */
  beat(member: GroupMember): void {
    member.session?.cancel();
    if (member.awaitsJoin || member.awaitsSync) return;
    member.session = this.#clock.after(member.request.sessionTimeoutMs, () => {
      this.expire(member);
    });
  }

  /** The member sent no heartbeat for longer than its session may last. */
  expire(member: GroupMember): void {
    const { sessionTimeoutMs } = member.request;
    this.#logger.warn('The session of a member expired', { memberId: member.id, sessionTimeoutMs });
    this.remove(member);
  }

  /** The member left, or its session expired: the others share its partitions. */
  remove(member: GroupMember): void {
    this.#forget(member);
    if (this.#state === 'PreparingRebalance') this.tryCompleteJoin();
    else this.prepare();
  }

  /** The answer to a JoinGroup of this member in the present generation. */
  joined(member: GroupMember): JoinAnswer {
    const isLeader = member.id === this.leaderId;
    return {
      code: ErrorCodes.NONE,
      generation: this.#generation,
      protocol: this.#protocol,
      leaderId: this.leaderId,
      memberId: member.id,
      members: isLeader
        ? [...this.members].map((each) => ({
            memberId: each.id,
            groupInstanceId: each.instanceId,
            metadata: each.metadataFor(this.#protocol),
          }))
        : [],
    };
  }

  /** The group is gone: timers are called off. */
  die(): void {
    this.#state = 'Dead';
    this.#timeLimit?.cancel();
    this.pending.close();
    for (const member of this.members) this.#forget(member);
  }

  #completeJoin(): void {
    this.#timeLimit?.cancel();
    this.#generation++;
    const [first] = this.members;
    if (first === undefined) {
      this.#state = 'Empty';
      this.#protocol = '';
      this.#emptySince = this.#clock.now();
      this.#logger.info('A group has no members any more', { generation: this.#generation });
      return;
    }
    this.#state = 'CompletingRebalance';
    this.#protocol = electProtocol(this.members);
    if (this.leaderId === '') this.leaderId = first.id;
    for (const member of this.members) {
      member.answerJoin(this.joined(member));
      this.beat(member);
    }
    this.#limitTime(() => {
      for (const member of this.members) {
        if (!member.awaitsSync) this.#leaveBehind(member, 'did not ask for its assignment in time');
      }
      this.prepare();
    });
  }

  #leaveBehind(member: GroupMember, why: string): void {
    this.#logger.warn('A member is no longer waited for', { memberId: member.id, why });
    this.#forget(member);
  }

  #forget(member: GroupMember): void {
    this.members.remove(member, ErrorCodes.UNKNOWN_MEMBER_ID);
    if (member.id === this.leaderId) this.leaderId = '';
  }

  /**
   * Both halves of a rebalance end after the longest rebalance timeout of the members, with those
   * that came.
   */
  #limitTime(onTimeout: () => void): void {
    this.#timeLimit?.cancel();
    let limitMs = 0;
    for (const { request } of this.members) limitMs = Math.max(limitMs, request.rebalanceTimeoutMs);
    this.#timeLimit = this.#clock.after(limitMs, onTimeout);
  }
}
