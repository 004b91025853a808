import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import type { BoundedMemory } from '../bounded-memory.ts';
import { NO_ASSIGNMENT, requestBytes } from './group-member.ts';
import type { GroupMember, JoinRequest } from './group-member.ts';

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
  /** How many members know each protocol. */
  readonly #known = new Map<string, number>();
  readonly #memory: BoundedMemory;
  #leaderId = '';

  constructor(memory: BoundedMemory) {
    this.#memory = memory;
  }

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

  /** Whether there is memory for one member more, which is taken. Then it is to be added. */
  hasMemoryFor(member: GroupMember): boolean {
    return this.#memory.take(member.bytes);
  }

  /** One for which there {@link hasMemoryFor is memory}. */
  add(member: GroupMember): void {
    this.#members.set(member.id, member);
    this.#count(member.request, 1);
    if (member.instanceId !== null) this.#static.set(member.instanceId, member.id);
    if (this.#leaderId === '') this.#leaderId = member.id;
  }

  /** Its session ends, and requests of it that wait are answered with this error code. */
  remove(member: GroupMember, code: number): void {
    member.session?.cancel();
    member.refuse(code);
    if (this.#members.delete(member.id)) {
      this.#count(member.request, -1);
      this.#memory.give(member.bytes);
    }
    if (member.instanceId !== null) this.#static.delete(member.instanceId);
    if (this.#leaderId !== member.id) return;
    const [next] = this.#members.keys();
    this.#leaderId = next ?? '';
  }

  /** The member joins again with another request. Returns whether there is memory for it. */
  update(member: GroupMember, request: JoinRequest): boolean {
    if (!this.#memory.take(requestBytes(request) - requestBytes(member.request))) return false;
    this.#count(member.request, -1);
    member.request = request;
    this.#count(request, 1);
    return true;
  }

  /** Returns whether there is memory for what the leader assigned, which is copied. */
  assign(assignments: ReadonlyMap<string, Buffer>): boolean {
    let bytes = 0;
    for (const { id, assignment } of this.#members.values()) {
      bytes += (assignments.get(id) ?? NO_ASSIGNMENT).length - assignment.length;
    }
    if (!this.#memory.take(bytes)) return false;
    for (const member of this.#members.values()) {
      member.assignment = Buffer.from(assignments.get(member.id) ?? NO_ASSIGNMENT);
    }
    return true;
  }

  /** No member has an assignment any more. */
  unassign(): void {
    this.assign(new Map());
  }

  /** Whether all members know a protocol. */
  know(protocol: string): boolean {
    return (this.#known.get(protocol) ?? 0) === this.#members.size;
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

  #count({ protocols }: JoinRequest, by: 1 | -1): void {
    for (const name of new Set(protocols.map((protocol) => protocol.name))) {
      const count = (this.#known.get(name) ?? 0) + by;
      if (count === 0) this.#known.delete(name);
      else this.#known.set(name, count);
    }
  }
}
