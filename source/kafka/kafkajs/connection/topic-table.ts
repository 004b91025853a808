import type { PartitionMetadata, TopicMetadata } from '../protocol/metadata.ts';
import type { TopicPartition } from '../../../kernel/topic-partition.ts';

/** Who leads a partition, and since which epoch. */
export interface Leader {
  readonly nodeId: number;
  readonly epoch: number;
}

/**
 * A topic as the cluster described it last; an error code other than 0 comes without partitions.
 */
export interface KnownTopic {
  readonly errorCode: number;
  readonly topicId: string | undefined;
  readonly partitions: ReadonlyMap<number, PartitionMetadata>;
}

/** The topics that were asked for, and the leaders of their partitions. */
export class TopicTable {
  readonly #topics = new Map<string, KnownTopic>();

  /** Undefined: never asked for. */
  get(topic: string): KnownTopic | undefined {
    return this.#topics.get(topic);
  }

  /** Undefined: not asked for yet, or it has no leader now. */
  leaderOf({ topic, partition }: TopicPartition): Leader | undefined {
    const found = this.#topics.get(topic)?.partitions.get(partition);
    if (found === undefined || found.leader < 0) return undefined;
    return { nodeId: found.leader, epoch: found.leaderEpoch };
  }

  learn(topics: readonly TopicMetadata[]): void {
    for (const { topic, topicId, errorCode, partitions } of topics) {
      const known = this.#topics.get(topic);
      const older = known?.topicId === topicId ? known?.partitions : undefined;
      const newest = partitions.map((now) => newer(older?.get(now.partition), now));
      this.#topics.set(topic, {
        errorCode,
        topicId,
        partitions: new Map(newest.map((entry) => [entry.partition, entry])),
      });
    }
  }
}

/**
 * A broker that lags behind may name an older leader than is known already; believing it would send
 * requests back and forth. (The epochs of a recreated topic, which has another id, start again.)
 */
function newer(known: PartitionMetadata | undefined, now: PartitionMetadata): PartitionMetadata {
  if (known === undefined || known.leader < 0) return now;
  return known.leaderEpoch > now.leaderEpoch ? known : now;
}
