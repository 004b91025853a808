import type { KafkaAdmin } from '../../kafka/admin.ts';
import type { KafkaClient, KafkaObserver, NewTopic, TopicDescription } from '../../kafka/client.ts';
import type { GroupDescription, GroupOffsets } from '../../kafka/group-offsets.ts';
import type {
  EpochEnd,
  Isolation,
  OffsetSpec,
  PartitionOffset,
  StartPosition,
} from '../../kafka/log-position.ts';
import type { RecordSink } from '../../kafka/sink.ts';
import type { PartitionSource, SourceOptions } from '../../kafka/source.ts';
import type { TransactionalProducer, TransactionalProducerOptions } from '../../kafka/transactions.ts';
import { ConnectionError } from '../../kernel/errors.ts';
import type { TopicPartition } from '../../kernel/topic-partition.ts';
import type { FakeCluster } from './fake-cluster.ts';
import type { FakeCall } from './fake-requests.ts';
import { type FakeAsker, FakeSink } from './fake-sink.ts';
import { FakeTransactionalProducer } from './fake-transactional-producer.ts';
import { FakeSource } from './fake-source.ts';

/** For those who wait for the answer of a client that was killed. */
const never = () => new Promise<never>(() => undefined);

/** Of all transactions. */
const FAKE_PRODUCER_ID = 4711;

/** One client's view of a {@link FakeCluster}. */
export class FakeClient implements KafkaClient, FakeAsker {
  readonly #cluster: FakeCluster;
  readonly #whenClosed: Promise<never>;
  #rejectAll: ((error: Error) => void) | undefined;
  #closed: Promise<void> | undefined;
  #isDead = false;
  readonly #sources: FakeSource[] = [];
  observer: KafkaObserver | undefined;

  constructor(cluster: FakeCluster) {
    this.#cluster = cluster;
    this.#whenClosed = new Promise<never>((_resolve, reject) => {
      this.#rejectAll = reject;
    });
    // Nobody may be waiting when it closes.
    this.#whenClosed.catch(() => undefined);
  }

  observe(observer: KafkaObserver): void {
    this.observer = observer;
  }

  connect(): Promise<void> {
    return this.ask({ name: 'connect' });
  }

  async describeTopics(topics: readonly string[]): Promise<ReadonlyMap<string, TopicDescription>> {
    await this.ask({ name: 'describeTopics' });
    const found = new Map<string, TopicDescription>();
    for (const topic of topics) {
      const partitionCount = this.#cluster.topics.partitionCount(topic);
      if (partitionCount !== undefined)
        found.set(topic, { topic, topicId: this.#cluster.topicId(topic), partitionCount });
    }
    return found;
  }

  async leaderEpochEnds(positions: readonly StartPosition[]): Promise<EpochEnd[] | undefined> {
    await this.ask({ name: 'leaderEpochEnds', offsets: positions });
    if (!this.#cluster.servesEpochs) return undefined;
    return positions.map(({ topic, partition, leaderEpoch }) => ({
      topic,
      partition,
      endOffset: this.#cluster.log({ topic, partition }).endOfEpoch(leaderEpoch),
    }));
  }

  async describeGroup(groupId: string): Promise<GroupDescription> {
    await this.ask({ name: 'describeGroup', groupId });
    return this.#cluster.groups.get(groupId) ?? { state: 'Dead', protocolType: '', members: [] };
  }

  async createTopics(topics: readonly NewTopic[]): Promise<string[]> {
    await this.ask({ name: 'createTopics' });
    const missing = topics.filter(({ topic }) => this.#cluster.topics.partitionCount(topic) === undefined);
    for (const { topic, partitionCount } of missing) this.#cluster.topics.create(topic, partitionCount);
    return missing.map(({ topic }) => topic);
  }

  async listOffsets(
    spec: OffsetSpec,
    partitions: readonly TopicPartition[],
    isolation: Isolation,
  ): Promise<PartitionOffset[]> {
    await this.ask({ name: 'listOffsets' });
    return partitions.map(({ topic, partition }) => {
      const log = this.#cluster.log({ topic, partition });
      if (spec === 'earliest') return { topic, partition, offset: log.start };
      const end = log.visibleEnd(isolation);
      if (spec === 'latest') return { topic, partition, offset: end };
      const found = [...log.messages.values()].find(({ timestamp }) => timestamp >= spec.timestamp);
      return { topic, partition, offset: Math.min(found?.offset ?? end, end) };
    });
  }

  group(groupId: string): GroupOffsets {
    return {
      fetch: async (partitions) => {
        await this.ask({ name: 'fetchOffsets', groupId });
        return partitions.map((partition) => this.#cluster.offsets.of(groupId, partition));
      },
      fetchAll: async () => {
        await this.ask({ name: 'fetchAllOffsets', groupId });
        return this.#cluster.offsets.all(groupId);
      },
      commit: async (offsets) => {
        await this.ask({ name: 'commit', groupId, offsets });
        return this.#cluster.commit(groupId, offsets);
      },
      parts: (offsets) => this.#cluster.parts(offsets),
    };
  }

  /** Topics with one replica at broker 1, without settings. */
  admin(): KafkaAdmin {
    return {
      topicDetails: async (topics) => {
        await this.ask({ name: 'describeAllTopics' });
        return (topics ?? this.#cluster.topics.names()).flatMap((topic) => {
          const partitionCount = this.#cluster.topics.partitionCount(topic);
          if (partitionCount === undefined) return [];
          const topicId = this.#cluster.topicId(topic);
          const partitions = Array.from({ length: partitionCount }, (_none, partition) => ({
            partition,
            leader: this.#cluster.leaderless.has(`${topic}/${partition}`) ? undefined : 1,
            replicas: [1],
            inSyncReplicas: [1],
          }));
          return [{ topic, topicId, internal: false, partitions }];
        });
      },
      listGroups: async () => {
        await this.ask({ name: 'listGroups' });
        return this.#cluster.offsets.groupIds();
      },
      openTransactions: async (partitions) => {
        await this.ask({ name: 'openTransactions' });
        return partitions.flatMap(({ topic, partition }) => {
          const { stable } = this.#cluster.log({ topic, partition });
          if (stable === undefined) return [];
          return [
            { topic, partition, producerId: FAKE_PRODUCER_ID, firstOffset: stable, lastWriteAt: undefined },
          ];
        });
      },
      deleteRecords: async (before) => {
        await this.ask({ name: 'deleteRecords', offsets: before });
        return before.map(({ topic, partition, offset }) => {
          const log = this.#cluster.log({ topic, partition });
          log.deleteBefore(offset === -1 ? log.end : offset);
          return { topic, partition, offset: log.start };
        });
      },
      topicSettings: async (topics) => {
        await this.ask({ name: 'topicSettings' });
        return topics.map((topic) => ({ topic, settings: [], error: undefined }));
      },
    };
  }

  source(options: SourceOptions): PartitionSource {
    const source = new FakeSource(this.#cluster, options);
    this.#sources.push(source);
    return source;
  }

  sink(): RecordSink {
    return new FakeSink(this.#cluster, this);
  }

  transactionalProducer(options: TransactionalProducerOptions): TransactionalProducer {
    return new FakeTransactionalProducer(this.#cluster, this, options);
  }

  close(): Promise<void> {
    if (this.#isDead) return never();
    this.#rejectAll?.(new ConnectionError('The client is closed'));
    this.#closed ??= this.#cluster.answer({ name: 'close' });
    return this.#closed;
  }

  /**
   * As if its process was killed: what was asked and not answered yet does not happen, nothing is
   * asked any more, and nothing is ever answered.
   */
  kill(): void {
    this.#isDead = true;
    this.observer = undefined;
    for (const source of this.#sources) void source.close();
  }

  /** A request: fails if the client is closed, before or meanwhile. */
  ask(call: FakeCall): Promise<void> {
    if (this.#isDead) return never();
    if (this.#closed !== undefined) return this.#whenClosed;
    const answered = this.#cluster.answer(call).then(() => {
      if (this.#isDead) return never();
      this.observer?.onAnswer(call.name, 1);
      return undefined;
    });
    return Promise.race([answered, this.#whenClosed]);
  }
}
