import type { Clock } from '../../kernel/clock.ts';
import { ConfigError, LifecycleError } from '../../kernel/errors.ts';
import { checkTopicNames } from '../../kernel/topic-name.ts';
import { checkNewTopics } from './ask/new-topics.ts';
import type { RepeatLimitedLogger } from '../../kernel/limit-repeats.ts';
import type { KafkaAdmin } from '../admin.ts';
import type { KafkaClient, KafkaObserver, NewTopic, TopicDescription } from '../client.ts';
import type { GroupDescription, GroupOffsets } from '../group-offsets.ts';
import type { EpochEnd, Isolation, OffsetSpec, PartitionOffset, StartPosition } from '../log-position.ts';
import type { RecordSink, SinkOptions } from '../sink.ts';
import type { PartitionSource, SourceOptions } from '../source.ts';
import type { TransactionalProducer, TransactionalProducerOptions } from '../transactions.ts';
import { prepareCompression } from '../records/compression.ts';
import type { KafkaLike, KafkaOptions } from './kafka-options.ts';
import { KafkajsAdmin } from './ask/admin.ts';
import { captureCluster } from './capture/capture-cluster.ts';
import { kafkajsLog } from './capture/kafkajs-log.ts';
import { ClusterConnection } from './connection/cluster-connection.ts';
import type { Deadlines } from './connection/deadlines.ts';
import { lookUpEpochEnds } from './ask/epoch-lookup.ts';
import { SimpleGroupOffsets } from './ask/group-offsets.ts';
import { lookUpOffsets } from './ask/offset-lookup.ts';
import { KafkajsSink } from './produce/sink.ts';
import { LeaderSource } from './fetch/leader-source.ts';
import { createTopics, topicDescriptions } from './ask/topics.ts';
import { KafkajsTransactionalProducer } from './transactions/transactional-producer.ts';
import type { TopicPartition } from '../../kernel/topic-partition.ts';
import { sharedAbort } from '../../kernel/shared-abort.ts';

export interface KafkajsClientOptions {
  readonly logger: RepeatLimitedLogger;
  readonly clock: Clock;
  readonly fetchMaxWaitMs: number;
  readonly retryTimeoutMs: number;
  readonly firstConnectTimeoutMs: number;
  readonly deadlines: Deadlines;
}

const nothing = () => undefined;
const noObserver: KafkaObserver = {
  onAnswer: nothing,
  onAcked: nothing,
  onError: nothing,
  onUnanswered: nothing,
  onTrouble: nothing,
  onTroubleOver: nothing,
  onReconnect: nothing,
};

/** The port to Kafka over kafkajs's connections. */
export class KafkajsClient implements KafkaClient {
  readonly #client: KafkaLike | KafkaOptions;
  readonly #options: KafkajsClientOptions;
  readonly #sources = new Set<PartitionSource>();
  readonly #sinks = new Set<Pick<RecordSink, 'close'>>();
  #connecting: Promise<ClusterConnection> | undefined;
  #cluster: ClusterConnection | undefined;
  readonly #ending = sharedAbort();
  #closing: Promise<void> | undefined;
  #observer: KafkaObserver = noObserver;

  constructor(client: KafkaLike | KafkaOptions, options: KafkajsClientOptions) {
    this.#client = client;
    this.#options = options;
  }

  observe(observer: KafkaObserver): void {
    this.#observer = observer;
  }

  async connect(): Promise<void> {
    if (this.#closing !== undefined) throw this.#closedError();
    this.#connecting ??= this.#connect();
    await this.#connecting;
  }

  async describeTopics(topics: readonly string[]): Promise<ReadonlyMap<string, TopicDescription>> {
    checkTopicNames('describeTopics', topics);
    return topicDescriptions(this.#connected(), topics, this.#limits());
  }

  async createTopics(topics: readonly NewTopic[]): Promise<string[]> {
    checkNewTopics(topics);
    return createTopics(this.#connected(), topics, this.#limits());
  }

  async listOffsets(
    spec: OffsetSpec,
    partitions: readonly TopicPartition[],
    isolation: Isolation,
  ): Promise<PartitionOffset[]> {
    return lookUpOffsets(this.#connected(), spec, partitions, isolation, this.#limits());
  }

  async leaderEpochEnds(positions: readonly StartPosition[]): Promise<EpochEnd[] | undefined> {
    return lookUpEpochEnds(this.#connected(), positions, this.#limits());
  }

  async describeGroup(groupId: string): Promise<GroupDescription> {
    return this.#group(groupId).describe();
  }

  group(groupId: string): GroupOffsets {
    return this.#group(groupId);
  }

  admin(): KafkaAdmin {
    return new KafkajsAdmin(() => this.#connected(), this.#limits());
  }

  #group(groupId: string): SimpleGroupOffsets {
    return new SimpleGroupOffsets(() => this.#connected(), groupId, this.#limits());
  }

  source(options: SourceOptions): PartitionSource {
    const source = new LeaderSource(this.#connected(), options);
    this.#sources.add(source);
    return source;
  }

  sink(options: SinkOptions): RecordSink {
    const sink = new KafkajsSink(this.#connected(), options);
    this.#sinks.add(sink);
    return sink;
  }

  transactionalProducer(options: TransactionalProducerOptions): TransactionalProducer {
    const { signal } = this.#ending;
    const producer = new KafkajsTransactionalProducer(() => this.#connected(), options, signal);
    this.#sinks.add(producer);
    return producer;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #connect(): Promise<ClusterConnection> {
    const { logger, clock, deadlines, firstConnectTimeoutMs, retryTimeoutMs } = this.#options;
    // Batches are decoded and sealed without waiting.
    await prepareCompression();
    let isConnected = false;
    // What keeps it from a first broker is said in one warning.
    const log = kafkajsLog(logger, () => !isConnected);
    const checked = await captureCluster(this.#client, log);
    this.#checkRequestTimeout(checked.requestTimeoutMs);
    // So that the error says at what a handshake stood.
    const handshakeMs = Math.min(deadlines.handshakeMs, retryTimeoutMs);
    const cluster = new ClusterConnection({
      cluster: checked,
      clock,
      logger,
      observer: this.#observer,
      deadlines: { ...deadlines, handshakeMs },
      firstConnectTimeoutMs,
    });
    this.#cluster = cluster;
    if (this.#closing !== undefined) await cluster.close();
    await cluster.connect();
    isConnected = true;
    return cluster;
  }

  #checkRequestTimeout(requestTimeoutMs: number): void {
    const { deadlines, fetchMaxWaitMs } = this.#options;
    const longestMs = Math.max(deadlines.produceMs, fetchMaxWaitMs + deadlines.fetchMs);
    if (requestTimeoutMs >= longestMs) return;
    throw new ConfigError(
      [
        `requestTimeout: ${requestTimeoutMs} ms is less than the ${longestMs} ms that a request to Kafka may take here; leave it at its default of 30000, each request has a shorter limit of its own`,
      ],
      { what: 'Kafka client' },
    );
  }

  async #close(): Promise<void> {
    this.#ending.abort(this.#closedError());
    await Promise.all([...this.#sources, ...this.#sinks].map((user) => user.close()));
    await this.#cluster?.close();
    // A caller that waits in connect() learns it from its own promise.
    await this.#connecting?.catch(() => undefined);
    this.#options.logger.close();
  }

  #connected(): ClusterConnection {
    if (this.#closing !== undefined) throw this.#closedError();
    if (this.#cluster === undefined)
      throw new LifecycleError('The Kafka client is not connected: await connect() first');
    return this.#cluster;
  }

  #limits(): { retryTimeoutMs: number; signal: AbortSignal } {
    return { retryTimeoutMs: this.#options.retryTimeoutMs, signal: this.#ending.signal };
  }

  #closedError(): LifecycleError {
    return new LifecycleError('The Kafka client is closed');
  }
}
