import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import type { GroupMember, JoinAnswer } from './group-member.ts';
import type { GroupMembers } from './group-members.ts';
import { electProtocol } from './protocol-election.ts';
import { subscribedTopics } from './subscriptions.ts';

/** What the members of a group agreed on when they joined together the last time. */
export class Generation {
  readonly #members: GroupMembers;
  /** Ids of those that have not asked for their assignments. */
  readonly #unsynced = new Set<string>();
  #number = 0;
  #protocol = '';
  #subscribed: ReadonlySet<string> | undefined;

  constructor(members: GroupMembers) {
    this.#members = members;
  }

  get number(): number {
    return this.#number;
  }

  get protocol(): string {
    return this.#protocol;
  }

  /** The topics that its members are subscribed to; undefined if that is not known. */
  get subscribed(): ReadonlySet<string> | undefined {
    return this.#subscribed;
  }

  /** Ids of those that have not asked for their assignments. */
  get unsynced(): ReadonlySet<string> {
    return this.#unsynced;
  }

  /** Begins the next one, with the members that there are. */
  next(): void {
    this.#number++;
    this.#protocol = electProtocol(this.#members);
    this.#subscribed = subscribedTopics(this.#members, this.#protocol);
    this.#unsynced.clear();
    for (const { id } of this.#members) this.#unsynced.add(id);
  }

  /** The member has asked for its assignment, or is gone. */
  synced({ id }: GroupMember): void {
    this.#unsynced.delete(id);
  }

  /** Nobody is asked for any more: the group rebalances. */
  end(): void {
    this.#unsynced.clear();
  }

  /** The answer to a JoinGroup of this member. The leader is told of all others. */
  joined(member: GroupMember): JoinAnswer {
    const { leaderId } = this.#members;
    const told = member.id === leaderId ? [...this.#members] : [];
    return {
      code: ErrorCodes.NONE,
      generation: this.#number,
      protocol: this.#protocol,
      leaderId,
      memberId: member.id,
      members: told.map((each) => ({
        memberId: each.id,
        groupInstanceId: each.instanceId,
        metadata: each.metadataFor(this.#protocol),
      })),
    };
  }
}
