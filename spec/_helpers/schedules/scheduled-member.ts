import type { Group } from '../../../source/embedded/groups/group.ts';
import type { JoinAnswer, SyncAnswer } from '../../../source/embedded/groups/group-member.ts';
import type { MemberBooks } from './member-books.ts';

const sessionTimeoutMs = 6_000;
const rebalanceTimeoutMs = 8_000;

/**
 * A member of a group as a schedule plays it: it does what the answers ask for, one step at a time,
 * and may die, or sleep while its sessions run out.
 */
export class ScheduledMember {
  readonly instanceId: string | null;
  /** It plays no more: it died, left, or was fenced. */
  isGone = false;
  /** Until then it does nothing. */
  sleepsUntilMs = 0;
  readonly #name: string;
  readonly #group: Group;
  readonly #books: MemberBooks;
  #memberId = '';
  #generation = -1;
  /** The one that it was in before; -1 for none. */
  #formerGeneration = -1;
  #step: 'join' | 'sync' | 'work' | 'wait' = 'join';
  #members: readonly string[] = [];
  #metadata = 0;

  constructor(name: string, instanceId: string | null, group: Group, books: MemberBooks) {
    this.#name = name;
    this.instanceId = instanceId;
    this.#group = group;
    this.#books = books;
  }

  get memberId(): string {
    return this.#memberId;
  }

  get generation(): number {
    return this.#generation;
  }

  get isAtWork(): boolean {
    return !this.isGone && this.#step === 'work';
  }

  /** Sends what is due; while a request waits for its answer, nothing. */
  act(): void {
    if (this.#step === 'join') this.#join();
    else if (this.#step === 'sync') this.#sync();
    else if (this.#step === 'work') this.#beat();
  }

  /** Joins again with other metadata, as for topics that have changed. */
  subscribe(): void {
    if (this.#step !== 'work') return;
    this.#metadata++;
    this.#step = 'join';
  }

  /** What it sent in its former generation arrives only now. */
  arriveLate(): void {
    const former = this.#formerGeneration;
    if (former < 0) return;
    const who = this.#who;
    const answers = [this.#group.heartbeat(who, former), this.#group.checkCommit(who, former)];
    let syncCode = -1;
    this.#group.sync({ ...who, generation: former, assignments: new Map() }, ({ code }) => {
      syncCode = code;
    });
    for (const code of [...answers, syncCode]) {
      if (![22, 25, 82].includes(code)) {
        this.#books.fail(`${this.#name} was answered ${code} for the former generation ${former}`);
      }
    }
  }

  leave(): void {
    this.isGone = true;
    this.#group.leave(this.#who);
  }

  get #who(): { memberId: string; groupInstanceId: string | null } {
    return { memberId: this.#memberId, groupInstanceId: this.instanceId };
  }

  #join(): void {
    this.#step = 'wait';
    this.#group.join(
      {
        ...this.#who,
        clientId: this.#name,
        clientHost: '/here',
        sessionTimeoutMs,
        rebalanceTimeoutMs,
        protocolType: 'consumer',
        protocols: [{ name: 'range', metadata: Buffer.from(String(this.#metadata)) }],
        memberIdRequired: true,
      },
      (answer) => {
        this.#joined(answer);
      },
    );
  }

  #joined({ code, memberId, generation, members }: JoinAnswer): void {
    if (this.isGone) return;
    if (code === 79) this.#memberId = memberId;
    this.#step = 'join';
    if (code !== 0) {
      this.#handle(code);
      return;
    }
    this.#memberId = memberId;
    if (generation !== this.#generation) this.#formerGeneration = this.#generation;
    this.#generation = generation;
    this.#members = members.map((member) => member.memberId);
    this.#step = 'sync';
  }

  #sync(): void {
    this.#step = 'wait';
    const assignments = this.#books.assign(this.#generation, this.#members);
    const { generation } = this;
    this.#group.sync({ ...this.#who, generation, assignments }, (answer) => {
      this.#synced(generation, answer);
    });
  }

  #synced(generation: number, { code, assignment }: SyncAnswer): void {
    if (this.isGone) return;
    this.#step = 'join';
    if (code !== 0) {
      this.#handle(code);
      return;
    }
    this.#books.owns(generation, this.instanceId ?? this.#memberId, String(assignment));
    this.#step = 'work';
  }

  #beat(): void {
    const code = this.#group.heartbeat(this.#who, this.#generation);
    if (code !== 0) this.#handle(code);
  }

  #handle(code: number): void {
    this.#step = 'join';
    if (code === 25) this.#memberId = '';
    else if (code === 82) this.isGone = true;
    else if (![16, 22, 27, 79].includes(code)) this.#books.fail(`${this.#name} was answered ${code}`);
  }
}
