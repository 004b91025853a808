import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import type { Clock, Timer } from '../../kernel/clock.ts';
import type { Logger } from '../../kernel/logger.ts';
import type { BoundedMemory } from '../bounded-memory.ts';
import { FirstRebalance } from './first-rebalance.ts';
import { Generation } from './generation.ts';
import { NO_ASSIGNMENT } from './group-member.ts';
import type { GroupMember } from './group-member.ts';
import { GroupMembers } from './group-members.ts';
import type { GroupRules } from './group-rules.ts';
import { MemberSessions } from './member-sessions.ts';
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

/** What a group needs of its cluster. */
export interface GroupSurroundings {
  /** Of all groups together. */
  readonly memory: BoundedMemory;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly rules: GroupRules;
}

/** The members of a group, and the state that they bring it into as they come and go. */
export class GroupRebalance {
  readonly members: GroupMembers;
  readonly pending: PendingMembers;
  readonly generation: Generation;
  readonly #clock: Clock;
  /** Names the group on each line. */
  readonly #logger: Logger;
  readonly #rules: GroupRules;
  readonly #sessions: MemberSessions;
  #state: GroupState = 'Empty';
  #emptySince: number;
  #timeLimit: Timer | undefined;
  /** While the group, which was empty before, gives others time to join, whoever is there. */
  #first: FirstRebalance | undefined;

  constructor({ clock, logger, rules, memory }: GroupSurroundings) {
    this.members = new GroupMembers(memory);
    this.generation = new Generation(this.members);
    this.#clock = clock;
    this.#logger = logger;
    this.#rules = rules;
    this.pending = new PendingMembers(clock, memory);
    this.#sessions = new MemberSessions(clock, (member) => {
      this.expire(member);
    });
    this.#emptySince = clock.now();
  }

  get state(): GroupState {
    return this.#state;
  }

  /** Monotonic time since which there is no member. */
  get emptySince(): number {
    return this.#emptySince;
  }

  /** A new member, whose JoinGroup is held. */
  add(member: GroupMember): void {
    this.#first?.memberCame();
    this.members.add(member);
    this.#sessions.startNew(member);
    this.prepare();
  }

  /** A static member was restarted. */
  replace(former: GroupMember, member: GroupMember): void {
    this.members.replace(former, member);
    member.isNew = false;
    this.beat(member);
  }

  /** All members are asked to join again, those that wait for their assignments too. */
  prepare(): void {
    if (this.#state === 'PreparingRebalance') {
      if (this.#first === undefined) this.#tryCompleteJoin();
      return;
    }
    const members = this.members.size;
    if (members > 0) this.#logger.info('A group rebalances', { members, generation: this.generation.number });
    if (this.#state === 'CompletingRebalance') {
      this.members.unassign();
      for (const member of this.members) {
        if (!member.awaitsSync) continue;
        member.answerSync({ code: ErrorCodes.REBALANCE_IN_PROGRESS, assignment: NO_ASSIGNMENT });
        this.beat(member);
      }
    }
    this.#timeLimit?.cancel();
    this.generation.end();
    const isFirst = this.#state === 'Empty';
    this.#state = 'PreparingRebalance';
    if (isFirst) this.#beginFirst();
    else if (!this.#tryCompleteJoin()) this.#limitJoin();
  }

  /**
   * The leader has assigned: every member that waits for it gets its part.
   *
   * @param assignments by member id; views of the whole request, of which copies are kept
   */
  assign(assignments: ReadonlyMap<string, Buffer>): void {
    if (!this.members.assign(assignments)) {
      this.#refuseAssignments();
      return;
    }
    this.#state = 'Stable';
    for (const member of this.members) {
      if (!member.awaitsSync) continue;
      member.answerSync({ code: ErrorCodes.NONE, assignment: member.assignment });
      this.beat(member);
    }
    this.#logger.info('A group is stable', {
      members: this.members.size,
      generation: this.generation.number,
      protocol: this.generation.protocol,
    });
  }

  /** The member has asked for its assignment. */
  synced(member: GroupMember): void {
    this.generation.synced(member);
    if (this.generation.unsynced.size === 0) this.#timeLimit?.cancel();
  }

  /** Restarts the member's session. */
  beat(member: GroupMember): void {
    this.#sessions.beat(member);
  }

  /** The member sent no heartbeat for longer than its session may last. */
  expire(member: GroupMember): void {
    const { sessionTimeoutMs } = member.request;
    this.#logger.warn('The session of a member expired', { memberId: member.id, sessionTimeoutMs });
    this.remove(member);
  }

  /** The member left, or its session expired: the others share its partitions. */
  remove(member: GroupMember): void {
    this.expel(member);
    if (this.#state === 'PreparingRebalance') this.#tryCompleteJoin();
    else this.prepare();
  }

  /** The member is no longer one, and the others do not hear of it. */
  expel(member: GroupMember): void {
    this.members.remove(member, ErrorCodes.UNKNOWN_MEMBER_ID);
    this.generation.synced(member);
  }

  /**
   * Gives out a member id, with which its client is to join within its session timeout; returns whether
   * there is memory for it.
   */
  expect(memberId: string, sessionTimeoutMs: number): boolean {
    return this.pending.add(memberId, sessionTimeoutMs, () => {
      this.#tryCompleteJoin();
    });
  }

  /**
   * The coordinator moved to another node: requests that wait here are answered with
   * NOT_COORDINATOR. Sessions restart.
   */
  moved(): void {
    for (const member of this.members) {
      member.refuse(ErrorCodes.NOT_COORDINATOR);
      this.beat(member);
    }
  }

  /** The group is gone: timers are called off. */
  die(): void {
    this.#state = 'Dead';
    this.#timeLimit?.cancel();
    this.#first?.cancel();
    this.pending.close();
    for (const member of this.members) this.members.remove(member, ErrorCodes.UNKNOWN_MEMBER_ID);
  }

  /** There is no memory for them, as where a broker cannot store them: the members are to try again. */
  #refuseAssignments(): void {
    for (const member of this.members) {
      member.answerSync({ code: ErrorCodes.UNKNOWN_SERVER_ERROR, assignment: NO_ASSIGNMENT });
    }
    this.prepare();
  }

  #beginFirst(): void {
    const { initialDelayMs } = this.#rules;
    if (initialDelayMs === 0) {
      this.#completeJoin();
      return;
    }
    const waits = { delayMs: initialDelayMs, longestMs: this.members.rebalanceTimeoutMs };
    this.#first = new FirstRebalance(this.#clock, waits, () => {
      this.#completeJoin();
    });
  }

  /** Ends the first half of a rebalance if nobody is waited for; returns whether it did. */
  #tryCompleteJoin(): boolean {
    if (this.#state !== 'PreparingRebalance' || this.pending.size > 0) return false;
    for (const member of this.members) {
      if (!member.awaitsJoin) return false;
    }
    this.#completeJoin();
    return true;
  }

  #limitJoin(): void {
    this.#timeLimit = this.#clock.after(this.members.rebalanceTimeoutMs, () => {
      this.#completeJoin();
    });
  }

  /**
   * Members that did not join again are out, but for static ones: they stay until their sessions
   * expire, as long as somebody is there to lead.
   */
  #completeJoin(): void {
    this.#timeLimit?.cancel();
    this.#first?.cancel();
    this.#first = undefined;
    for (const member of this.members) {
      if (!member.awaitsJoin && member.instanceId === null)
        this.#leaveBehind(member, 'did not join again in time');
    }
    if (this.members.size > 0 && !this.members.electLeader()) {
      this.#limitJoin();
      return;
    }
    this.generation.next();
    if (this.members.size === 0) {
      this.#state = 'Empty';
      this.#emptySince = this.#clock.now();
      this.#logger.info('A group has no members any more', { generation: this.generation.number });
      return;
    }
    this.#state = 'CompletingRebalance';
    for (const member of this.members) {
      member.answerJoin(this.generation.joined(member));
      this.beat(member);
    }
    this.#limitSync();
  }

  /** Who has not asked for its assignment by then is out, also where the others are at work. */
  #limitSync(): void {
    this.#timeLimit = this.#clock.after(this.members.rebalanceTimeoutMs, () => {
      for (const memberId of this.generation.unsynced) {
        const member = this.members.get(memberId);
        if (member !== undefined) this.#leaveBehind(member, 'did not ask for its assignment in time');
      }
      this.prepare();
    });
  }

  #leaveBehind(member: GroupMember, why: string): void {
    this.#logger.warn('A member is no longer waited for', { memberId: member.id, why });
    this.expel(member);
  }
}
