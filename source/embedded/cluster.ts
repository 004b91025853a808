import { LifecycleError } from '../kernel/errors.ts';
import { isObject } from '../kernel/is-object.ts';
import { show } from '../kernel/shown-value.ts';
import { unknownName } from '../kernel/unknown-name.ts';
import type { ConsumerMessage } from '../message.ts';
import { clusterError } from './cluster-error.ts';
import { ClusterState } from './cluster-state.ts';
import type { RequestCount } from './cluster-state.ts';
import { compactTopic, type CompactOptions } from './compact-topic.ts';
import { damageable } from './damageable.ts';
import { Faults } from './faults/faults.ts';
import type { EmbeddedCommit } from './groups/group-offsets.ts';
import { defaultReplicationFactor, newTopicProblem } from './logs/new-topic.ts';
import type { Journal } from './journal.ts';
import type { Partition } from './logs/partition.ts';
import { applyRetention } from './logs/retention.ts';
import type { Topics } from './logs/topics.ts';
import { EmbeddedNodes } from './nodes.ts';
import { resolveOptions } from './options.ts';
import type { EmbeddedClusterOptions, EmbeddedTopicOptions, ResolvedOptions } from './options.ts';
import { appendRaw } from './raw-append.ts';
import { apiNames, type ApiName } from './request-summary.ts';
import { partitionNamed, topicNamed } from './topic-lookup.ts';
import { produceRecords, recordsOf, type EmbeddedRecord, type WrittenRecord } from './topic-records.ts';

/**
 * A Kafka cluster in memory, for development, demos and tests: several nodes with real TCP
 * listeners on loopback that speak Kafka's wire protocol, so that any Kafka client can use it.
 *
 * **Never for production**: everything is lost with the process, replication is only simulated, and
 * it serves what clients of Kafka 2.3 send, and transactions, without authentication.
 *
 * Nodes have the ids 1, 2, 3 and so on. A partition's copies are on as many nodes as it has
 * replicas; every append reaches them all immediately.
 *
 * @example
 * ```ts
 * await using cluster = await EmbeddedCluster.start({ brokers: 3, topics: { flights: 4 } });
 * const kafka = new Kafka({ brokers: cluster.brokers });
 * ```
 */
export class EmbeddedCluster {
  /** Makes the cluster misbehave. */
  readonly faults: Faults;
  readonly #state: ClusterState;
  readonly #nodes: EmbeddedNodes;
  #closing: Promise<void> | undefined;

  private constructor(options: ResolvedOptions) {
    const { clock, logger, offsetsRetentionMs, maxCommitBytes, defaultPartitions } = options;
    const nodes = new EmbeddedNodes(options);
    this.#nodes = nodes;
    this.#state = new ClusterState({
      clock,
      logger,
      offsetsRetentionMs,
      maxCommitBytes,
      defaultPartitions,
      autoCreateTopics: options.autoCreateTopics,
      rules: options.groups,
      journalEntries: options.journalEntries,
      nodeIds: nodes.all.map(({ nodeId }) => nodeId),
      nodes: () => nodes.all,
    });
    this.faults = new Faults({
      registry: this.#state.faults,
      clock,
      logger,
      checkNode: (nodeId) => nodes.get(nodeId),
      cluster: damageable(this.#state, () => {
        this.#checkOpen();
      }),
      note: (text) => this.#state.journal?.fault(text),
      error: (problem) => clusterError([problem]),
    });
  }

  /**
   * Starts a cluster; resolves when all its nodes listen.
   *
   * @throws ConfigError for bad options, and where a port cannot be listened on
   */
  static async start(options: EmbeddedClusterOptions = {}): Promise<EmbeddedCluster> {
    const resolved = resolveOptions(options);
    const cluster = new EmbeddedCluster(resolved);
    try {
      await cluster.#nodes.start(cluster.#state);
      for (const [name, topic] of resolved.topics) cluster.createTopic(name, topic);
    } catch (error) {
      await cluster.close();
      throw error;
    }
    resolved.logger.info(
      'Embedded Kafka cluster started: in memory, for development and tests, never for production',
      { brokers: cluster.brokers },
    );
    return cluster;
  }

  /** `host:port` of every node, also of those that are stopped. */
  get brokers(): string[] {
    return this.#nodes.addresses;
  }

  /** Connections that clients have open to all nodes together. */
  get connections(): number {
    return this.#nodes.connections;
  }

  /**
   * How many requests came since the start, by API and version; of one API or of all. Requests that
   * a fault met count too.
   *
   * @throws ConfigError for an API that is not served
   */
  requests(api?: ApiName): RequestCount[] {
    if (api !== undefined && !apiNames.includes(api)) throw clusterError([unknownName('api', api, apiNames)]);
    const all = this.#state.requests();
    return api === undefined ? all : all.filter((entry) => entry.api === api);
  }

  /**
   * The requests that were served, in their order, with the faults that met them.
   *
   * @throws ConfigError if the cluster was started without `journalEntries`
   */
  get journal(): Journal {
    if (this.#state.journal !== undefined) return this.#state.journal;
    throw clusterError(['there is no journal: start the cluster with journalEntries, such as 1000']);
  }

  /** @throws ConfigError */
  createTopic(name: string, options: EmbeddedTopicOptions): void {
    const topics = this.#topics;
    if (!isObject(options))
      throw clusterError([`topic '${name}' needs options such as { partitions: 4 }, not ${show(options)}`]);
    const { partitions, config = {} } = options;
    if (!isObject(config))
      throw clusterError([`config of topic '${name}' must be an object of settings, not ${show(config)}`]);
    const replicationFactor = options.replicationFactor ?? defaultReplicationFactor(topics);
    const wanted = { name, partitionCount: partitions, replicationFactor, config };
    const problem = newTopicProblem(wanted, topics);
    if (problem !== undefined) throw clusterError([problem.message]);
    topics.create(wanted);
  }

  /**
   * Deletes a topic with its records and what groups committed for it. Recreated, it has another
   * topic id.
   *
   * @throws ConfigError if there is no such topic
   */
  deleteTopic(name: string): void {
    this.#state.deleteTopic(topicNamed(this.#topics, name));
  }

  /**
   * Gives a topic more partitions.
   *
   * @param total how many it has afterwards
   * @throws ConfigError if there is no such topic, or it has as many already
   */
  addPartitions(name: string, total: number): void {
    const topic = topicNamed(this.#topics, name);
    if (!Number.isInteger(total) || total <= topic.partitions.length) {
      throw clusterError([
        `topic '${name}' has ${topic.partitions.length} partitions: it can only get more, not ${total}`,
      ]);
    }
    this.#state.topics.grow(topic, total);
  }

  /**
   * The id of the node that leads a partition; -1 if none of its replicas runs.
   *
   * @throws ConfigError
   */
  leaderOf(topic: string, partition: number): number {
    return this.#partition(topic, partition).leader;
  }

  /**
   * Makes another node the leader of a partition, with a new leader epoch.
   *
   * @throws ConfigError if the node does not run or holds no copy of the partition
   */
  moveLeader(topic: string, partition: number, nodeId: number): void {
    const found = this.#partition(topic, partition);
    this.#nodes.checkLive(nodeId);
    if (!found.replicas.includes(nodeId)) {
      throw clusterError([
        `node ${nodeId} holds no copy of ${topic}/${partition}: choose one of ${found.replicas.join(', ')}`,
      ]);
    }
    if (found.leader !== nodeId) found.lead(nodeId);
  }

  /** The id of the node that coordinates a group; -1 if no node runs. */
  coordinatorOf(groupId: string): number {
    return this.#state.coordinatorOf(groupId)?.nodeId ?? -1;
  }

  /**
   * Makes another node the coordinator of a group. Members and offsets stay; requests that wait
   * there are answered with NOT_COORDINATOR.
   *
   * @throws ConfigError if the node does not run
   */
  moveCoordinator(groupId: string, nodeId: number): void {
    this.#nodes.checkLive(nodeId);
    this.#state.moveCoordinator(groupId, nodeId);
  }

  /** The id of the node that coordinates a transactional id; -1 if no node runs. */
  transactionCoordinatorOf(transactionalId: string): number {
    return this.#state.transactionCoordinatorOf(transactionalId)?.nodeId ?? -1;
  }

  /**
   * Makes another node the coordinator of a transactional id. Its owner and open transaction stay; the
   * former one answers with NOT_COORDINATOR.
   *
   * @throws ConfigError if the node does not run
   */
  moveTransactionCoordinator(transactionalId: string, nodeId: number): void {
    this.#nodes.checkLive(nodeId);
    this.#state.moveTransactionCoordinator(transactionalId, nodeId);
  }

  /**
   * What a group has committed; empty for a group that does not exist.
   *
   * @throws ConfigError for what is no id of a group
   */
  committed(groupId: string): EmbeddedCommit[] {
    if (typeof (groupId as unknown) !== 'string')
      throw clusterError([`a group has an id, such as groupIdOf(topicProcessorName), not ${show(groupId)}`]);
    const entries = this.#state.groups.get(groupId)?.offsets.all() ?? [];
    return entries.map(({ topic, partition, offset, leaderEpoch, metadata }) => ({
      topic,
      partition,
      offset,
      leaderEpoch,
      metadata,
    }));
  }

  /** The first offset of a partition that can be read. @throws ConfigError */
  startOffset(topic: string, partition: number): number {
    return this.#partition(topic, partition).log.startOffset;
  }

  /** The offset that the next record of a partition gets. @throws ConfigError */
  endOffset(topic: string, partition: number): number {
    return this.#partition(topic, partition).log.endOffset;
  }

  /** Deletes the records before an offset, as DeleteRecords or retention do. @throws ConfigError */
  deleteRecords(topic: string, partition: number, beforeOffset: number): void {
    const found = this.#partition(topic, partition);
    if (!Number.isInteger(beforeOffset) || beforeOffset < 0 || beforeOffset > found.log.endOffset) {
      throw clusterError([
        `records of ${topic}/${partition} can be deleted up to ${found.log.endOffset}, not ${beforeOffset}`,
      ]);
    }
    found.deleteBefore(beforeOffset);
  }

  /**
   * Deletes the records of a topic that are too old or too many, by its `retention.ms` and
   * `retention.bytes`: whole batches, the oldest first. Nothing of a topic without the
   * `cleanup.policy` delete. A broker does it from time to time; here it is done on request alone.
   *
   * @throws ConfigError if there is no such topic
   */
  applyRetention(topic: string): void {
    const { partitions, config } = topicNamed(this.#topics, topic);
    for (const partition of partitions) applyRetention(partition, config, this.#state.clock.wallNow());
  }

  /**
   * Compacts a topic: the last record of each key is left, with its offset. Nothing of a topic without
   * the `cleanup.policy` compact. A broker does it from time to time; here it is done on request alone.
   *
   * @throws ConfigError for options that cannot be, if there is no such topic, or a codec cannot be
   *   loaded on this platform
   * @throws RecordError for a batch that is damaged
   */
  async compact(topic: string, options: CompactOptions = {}): Promise<void> {
    await compactTopic(topicNamed(this.#topics, topic), options, () => this.#state.clock.wallNow());
  }

  /**
   * Writes records to a topic, as a producer does, one batch for each partition. Keys are spread as by
   * Java's client; records without a key go to the partitions in turn.
   *
   * @returns where each was written
   * @throws ConfigError for what is no record, before any is written, and for a topic that does not
   *   exist
   * @example cluster.produce('payments', [{ key: 'ann', value: '20' }]);
   */
  produce(topic: string, records: readonly EmbeddedRecord[]): WrittenRecord[] {
    return produceRecords(topicNamed(this.#topics, topic), records, this.#state.clock.wallNow());
  }

  /**
   * The records of a topic, partition by partition, also those of transactions that are open or were
   * aborted.
   *
   * @throws ConfigError for a topic that does not exist, RecordError for a batch that is damaged
   */
  records(topic: string): ConsumerMessage[] {
    return topicNamed(this.#topics, topic).partitions.flatMap((partition) => recordsOf(partition));
  }

  /** Copies of the record batches of a partition, as consumers get them. @throws ConfigError */
  recordBatches(topic: string, partition: number): Buffer[] {
    return this.#partition(topic, partition).log.batches();
  }

  /**
   * Appends a record batch unchecked: control batches, damaged ones, gaps. Its length field must be
   * right.
   *
   * @param options `keepOffset`: the base offset and leader epoch of the header stay; else the
   *   batch gets the next offset
   * @returns the base offset it has
   * @throws ConfigError if it is no batch, or its offset lies before the end of the log
   */
  appendRaw(
    topic: string,
    partition: number,
    batch: Buffer,
    options: { readonly keepOffset?: boolean } = {},
  ): number {
    return appendRaw(this.#partition(topic, partition), batch, options);
  }

  /**
   * Closes the listener of a node and cuts its connections. Partitions and groups that it led go to
   * other nodes immediately.
   *
   * @throws ConfigError if there is no such node
   */
  async stopNode(nodeId: number): Promise<void> {
    const node = this.#nodes.get(nodeId);
    const tellGroups = this.#state.coordinatorsMayChange();
    const stopped = node.stop();
    this.#state.topics.electLeaders();
    tellGroups();
    await stopped;
  }

  /**
   * Starts a stopped node again on the same port. Partitions without a leader get one; others stay
   * where they are. Groups and transactional ids that it coordinated before come back to it.
   *
   * @throws ConfigError if there is no such node, or the port was taken meanwhile
   */
  async startNode(nodeId: number): Promise<void> {
    this.#checkOpen();
    const tellGroups = this.#state.coordinatorsMayChange();
    await this.#nodes.get(nodeId).start(this.#state);
    this.#state.topics.electLeaders();
    tellGroups();
  }

  /** Stops all nodes, closes all connections and forgets everything. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** As {@link close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    const stopped = this.#nodes.stop();
    this.#state.transactions.close();
    this.#state.groups.close();
    this.#state.faults.clear();
    this.#state.requestLog.close();
    await stopped;
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw new LifecycleError('The embedded Kafka cluster is closed');
  }

  get #topics(): Topics {
    this.#checkOpen();
    return this.#state.topics;
  }

  #partition(topic: string, partition: number): Partition {
    return partitionNamed(this.#topics, topic, partition);
  }
}
