import type { CommittedOffset } from '../../kafka/group-offsets.ts';
import type { PartitionOffset } from '../../kafka/log-position.ts';
import { byTopicAndPartition, keyOf, type TopicPartition } from '../../kernel/topic-partition.ts';

/** What the groups of a fake cluster have committed. */
export class FakeOffsets {
  readonly #groups = new Map<string, Map<string, CommittedOffset>>();

  /** Of a group that never committed it, an entry without an offset. */
  of(groupId: string, { topic, partition }: TopicPartition): CommittedOffset {
    const known = this.#groups.get(groupId)?.get(keyOf({ topic, partition }));
    return known ?? { topic, partition, offset: undefined, leaderEpoch: -1, metadata: '' };
  }

  /** Sorted by topic and partition. */
  all(groupId: string): (CommittedOffset & PartitionOffset)[] {
    return [...(this.#groups.get(groupId)?.values() ?? [])]
      .flatMap((entry) => (entry.offset === undefined ? [] : [{ ...entry, offset: entry.offset }]))
      .sort(byTopicAndPartition);
  }

  /** Those that have committed something. */
  groupIds(): string[] {
    return [...this.#groups].flatMap(([id, offsets]) => (offsets.size > 0 ? [id] : [])).sort();
  }

  set(groupId: string, entry: CommittedOffset): void {
    const { topic, partition, offset, leaderEpoch, metadata } = entry;
    let offsets = this.#groups.get(groupId);
    if (offsets === undefined) this.#groups.set(groupId, (offsets = new Map<string, CommittedOffset>()));
    offsets.set(keyOf(entry), { topic, partition, offset, leaderEpoch, metadata });
  }

  forget(groupId: string): void {
    this.#groups.delete(groupId);
  }
}
