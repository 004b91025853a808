import { randomUUID } from 'node:crypto';
import type { BrokerConfigs } from '../settings/broker-configs.ts';
import { TopicConfig } from '../settings/topic-config.ts';
import { NO_LEADER, Partition } from './partition.ts';
import type { PartitionReplicas } from './replica-assignment.ts';

/** A topic that somebody wants to create. */
export interface NewTopic {
  readonly name: string;
  readonly partitionCount: number;
  readonly replicationFactor: number;
  /** A value that is null is refused. */
  readonly config: Readonly<Record<string, string | null>>;
  /** Where the replicas are to be, for each partition. Default: chosen here. */
  readonly replicas?: readonly PartitionReplicas[];
}

/** A topic with its partitions, numbered from 0. */
export interface Topic {
  readonly name: string;
  /** 32 hex digits; a topic that is deleted and recreated gets another one. */
  readonly id: string;
  readonly partitions: Partition[];
  readonly config: TopicConfig;
  readonly replicationFactor: number;
  /**
   * Index of the node that leads partition 0, in the list of all nodes; the partitions after it are
   * led by the nodes after that one, in turn.
   */
  readonly firstNode: number;
}

/** How many partitions all topics together may have. */
export const MAX_PARTITIONS = 200_000;

/** All topics of the cluster, and who leads their partitions. */
export class Topics {
  readonly #topics = new Map<string, Topic>();
  readonly #nodeIds: readonly number[];
  readonly #isLive: (nodeId: number) => boolean;
  readonly #brokerConfigs: BrokerConfigs;
  /** Names of topics as they are in metrics, where a dot and an underscore are the same. */
  readonly #metricNames = new Map<string, string>();
  #created = 0;
  #partitions = 0;

  constructor(nodeIds: readonly number[], isLive: (nodeId: number) => boolean, brokerConfigs: BrokerConfigs) {
    this.#nodeIds = nodeIds;
    this.#isLive = isLive;
    this.#brokerConfigs = brokerConfigs;
  }

  get nodeIds(): readonly number[] {
    return this.#nodeIds;
  }

  get nodeCount(): number {
    return this.#nodeIds.length;
  }

  get(name: string): Topic | undefined {
    return this.#topics.get(name);
  }

  partition(name: string, index: number): Partition | undefined {
    return this.#topics.get(name)?.partitions[index];
  }

  /** Another topic whose name differs only by dots in place of underscores; a broker takes no second one. */
  colliding(name: string): string | undefined {
    return this.#metricNames.get(metricName(name));
  }

  all(): Topic[] {
    return [...this.#topics.values()];
  }

  /** Whether this many partitions more would still not be too many. */
  hasRoomFor(partitions: number): boolean {
    return this.#partitions + partitions <= MAX_PARTITIONS;
  }

  /** The caller has checked the name, that it is free, and the numbers. */
  create({ name, partitionCount, replicationFactor, config, replicas }: NewTopic): Topic {
    const topic: Topic = {
      name,
      id: randomUUID().replaceAll('-', ''),
      partitions: [],
      config: new TopicConfig(config, this.#brokerConfigs),
      replicationFactor,
      firstNode: this.#created++ % this.#nodeIds.length,
    };
    this.#topics.set(name, topic);
    this.#metricNames.set(metricName(name), name);
    const chosen = replicas?.toSorted((a, b) => a.partition - b.partition).map((each) => each.replicas);
    this.grow(topic, partitionCount, chosen);
    return topic;
  }

  /** @param chosen the replicas of the partitions that are added; default: chosen here */
  grow(topic: Topic, partitionCount: number, chosen?: readonly (readonly number[])[]): void {
    const before = topic.partitions.length;
    for (let index = before; index < partitionCount; index++) {
      const replicas = chosen?.[index - before] ?? this.#replicasOf(topic, index);
      const leader = replicas.find(this.#isLive) ?? NO_LEADER;
      topic.partitions.push(new Partition({ topic: topic.name, index, replicas, leader }));
      this.#partitions++;
    }
  }

  delete(topic: Topic): void {
    this.#topics.delete(topic.name);
    this.#partitions -= topic.partitions.length;
    this.#metricNames.delete(metricName(topic.name));
    for (const partition of topic.partitions) partition.delete();
  }

  inSyncReplicas(partition: Partition): number[] {
    return partition.replicas.filter(this.#isLive);
  }

  /** Partitions without a live leader get one of their live replicas, with a new epoch. */
  electLeaders(): void {
    for (const topic of this.#topics.values()) {
      for (const partition of topic.partitions) {
        if (partition.leader !== NO_LEADER && this.#isLive(partition.leader)) continue;
        const leader = partition.replicas.find(this.#isLive) ?? NO_LEADER;
        if (leader !== partition.leader) partition.lead(leader);
      }
    }
  }

  #replicasOf(topic: Topic, index: number): number[] {
    const replicas: number[] = [];
    for (let i = 0; i < topic.replicationFactor; i++) {
      const nodeId = this.#nodeIds[(topic.firstNode + index + i) % this.#nodeIds.length];
      if (nodeId !== undefined) replicas.push(nodeId);
    }
    return replicas;
  }
}

function metricName(name: string): string {
  return name.replaceAll('.', '_');
}
