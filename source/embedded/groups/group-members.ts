import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import type { GroupMember } from './group-member.ts';

/** Who sends a request of a group member. */
export interface MemberIdentity {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
}

/**
 * The members of a group, by their ids; those with an instance id (static members) by that too.
 *
 * @see https://cwiki.apache.org/confluence/display/KAFKA/KIP-345
 */
export class GroupMembers implements Iterable<GroupMember> {
  readonly #members = new Map<string, GroupMember>();
  readonly #static = new Map<string, string>();
  #leaderId = '';

  /** Of the member that assigns; '' if there is no member. */
  get leaderId(): string {
    return this.#leaderId;
  }

  /** The longest rebalance timeout of a member: so long a rebalance waits for all of them. */
  get rebalanceTimeoutMs(): number {
    let longestMs = 0;
    for (const { request } of this.#members.values())
      longestMs = Math.max(longestMs, request.rebalanceTimeoutMs);
    return longestMs;
  }

  get size(): number {
    return this.#members.size;
  }

  /** Safe against members that are added or removed meanwhile. */
  [Symbol.iterator](): Iterator<GroupMember> {
    return [...this.#members.values()][Symbol.iterator]();
  }

  get(memberId: string): GroupMember | undefined {
    return this.#members.get(memberId);
  }

  byInstance(groupInstanceId: string | null): GroupMember | undefined {
    const memberId = groupInstanceId === null ? undefined : this.#static.get(groupInstanceId);
    return memberId === undefined ? undefined : this.#members.get(memberId);
  }

  add(member: GroupMember): void {
    this.#members.set(member.id, member);
    if (member.instanceId !== null) this.#static.set(member.instanceId, member.id);
    if (this.#leaderId === '') this.#leaderId = member.id;
  }

  /** Its session ends, and requests of it that wait are answered with this error code. */
  remove(member: GroupMember, code: number): void {
    member.session?.cancel();
    member.refuse(code);
    this.#members.delete(member.id);
    if (member.instanceId !== null) this.#static.delete(member.instanceId);
    if (this.#leaderId !== member.id) return;
    const [next] = this.#members.keys();
    this.#leaderId = next ?? '';
  }

  /** A static member was restarted: the new one has its place. Requests of the former are fenced. */
  replace(former: GroupMember, member: GroupMember): void {
    const isLeader = this.#leaderId === former.id;
    this.remove(former, ErrorCodes.FENCED_INSTANCE_ID);
    this.add(member);
    if (isLeader) this.#leaderId = member.id;
  }

  /**
   * The former leader if it has joined again, else the first that has; returns whether somebody
   * has.
   */
  electLeader(): boolean {
    if (this.#members.get(this.#leaderId)?.awaitsJoin === true) return true;
    for (const member of this.#members.values()) {
      if (!member.awaitsJoin) continue;
      this.#leaderId = member.id;
      return true;
    }
    return false;
  }

  /**
   * The error code for a request of this member, 0 if it is one. An instance id that another member
   * took over fences the older one.
   */
  identify(who: MemberIdentity): number {
    if (who.groupInstanceId === null) {
      return this.#members.has(who.memberId) ? ErrorCodes.NONE : ErrorCodes.UNKNOWN_MEMBER_ID;
    }
    const memberId = this.#static.get(who.groupInstanceId);
    if (memberId === undefined) return ErrorCodes.UNKNOWN_MEMBER_ID;
    return memberId === who.memberId ? ErrorCodes.NONE : ErrorCodes.FENCED_INSTANCE_ID;
  }
}
