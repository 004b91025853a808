import type { Timer } from '../../kernel/clock.ts';
import type { GroupSurroundings } from './group-rebalance.ts';
import type { GroupRules } from './group-rules.ts';
import { GROUP_BYTES, Group } from './group.ts';

/** All consumer groups of the cluster, whichever node coordinates them. */
export class Groups {
  readonly #groups = new Map<string, Group>();
  readonly #surroundings: GroupSurroundings;
  readonly #retentionMs: number | undefined;
  #expiry: Timer | undefined;

  /**
   * @param retentionMs for how long committed offsets are kept (`offsets.retention.minutes`);
   *   undefined: for ever
   */
  constructor(surroundings: GroupSurroundings, retentionMs: number | undefined) {
    this.#surroundings = surroundings;
    this.#retentionMs = retentionMs;
    this.#scheduleExpiry();
  }

  get rules(): GroupRules {
    return this.#surroundings.rules;
  }

  get(id: string): Group | undefined {
    return this.#groups.get(id);
  }

  /** Undefined where the memory for groups is used up. */
  getOrCreate(id: string): Group | undefined {
    let group = this.#groups.get(id);
    if (group === undefined) {
      if (!this.#surroundings.memory.take(GROUP_BYTES)) return undefined;
      group = new Group(id, this.#surroundings);
      this.#groups.set(id, group);
    }
    return group;
  }

  all(): Group[] {
    return [...this.#groups.values()];
  }

  delete(group: Group): void {
    group.die();
    this.#groups.delete(group.id);
  }

  /** The topic is gone, and what was committed for it with it. */
  topicDeleted(topic: string): void {
    for (const group of this.#groups.values()) group.offsets.deleteTopic(topic);
  }

  close(): void {
    this.#expiry?.cancel();
    for (const group of this.#groups.values()) group.die();
    this.#groups.clear();
  }

  #scheduleExpiry(): void {
    if (this.#retentionMs === undefined) return;
    const retentionMs = this.#retentionMs;
    const { clock } = this.#surroundings;
    this.#expiry = clock.after(Math.max(10, retentionMs / 10), () => {
      this.#expire(clock.now() - retentionMs);
      this.#scheduleExpiry();
    });
  }

  /**
   * A group that never had a member loses each offset `retentionMs` after its commit. A group that
   * once had one loses all of them `retentionMs` after the last member left, also those that were
   * committed a moment ago.
   */
  #expire(before: number): void {
    for (const group of this.all()) {
      if (group.state !== 'Empty') continue;
      const { offsets } = group;
      if (group.protocolType !== '') {
        if (group.emptySince <= before) offsets.clear();
      } else {
        for (const entry of offsets.all()) {
          if (entry.committedAt <= before && !offsets.isPending(entry.topic, entry.partition)) {
            offsets.delete(entry.topic, entry.partition);
          }
        }
      }
      if (offsets.isEmpty && group.emptySince <= before) this.delete(group);
    }
  }
}
