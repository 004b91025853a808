import type { Clock } from '../../kernel/clock.ts';
import type { GroupMember } from './group-member.ts';

/** How long a new member may wait for its first answer: its client may be gone. */
const NEW_MEMBER_TIMEOUT_MS = 300_000;

/** For how long each member of a group may be silent. */
export class MemberSessions {
  readonly #clock: Clock;
  readonly #expired: (member: GroupMember) => void;

  /** @param expired called when a member was silent for longer */
  constructor(clock: Clock, expired: (member: GroupMember) => void) {
    this.#clock = clock;
    this.#expired = expired;
  }

  /** The session of a member whose first JoinGroup is held. */
  startNew(member: GroupMember): void {
    this.#start(member, NEW_MEMBER_TIMEOUT_MS);
  }

  /** Restarts the member's session. */
  beat(member: GroupMember): void {
    this.#start(member, member.request.sessionTimeoutMs);
  }

  #start(member: GroupMember, timeoutMs: number): void {
    member.session?.cancel();
    member.session = this.#clock.after(timeoutMs, () => {
      if (!member.mayBeSilent) this.#expired(member);
    });
  }
}
