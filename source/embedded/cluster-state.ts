import { randomBytes } from 'node:crypto';
import type { Clock } from '../kernel/clock.ts';
import type { Logger } from '../kernel/logger.ts';
import { FaultRegistry } from './faults/fault-registry.ts';
import type { GroupRules } from './groups/group-rules.ts';
import { Groups } from './groups/groups.ts';
import { defaultReplicationFactor } from './logs/new-topic.ts';
import { Topics } from './logs/topics.ts';
import { Transactions } from './transactions/transactions.ts';
import type { Topic } from './logs/topics.ts';
import { Journal } from './journal.ts';
import { RequestLog } from './request-log.ts';
import { BoundedMemory } from './bounded-memory.ts';
import { RequestMemory } from './request-memory.ts';
import type { ApiName } from './request-summary.ts';
import { BrokerConfigs } from './settings/broker-configs.ts';

/** What all groups together may take: their members, and the offsets that they committed. */
const GROUPS_BYTES = 268_435_456;

/** A node as other nodes and clients see it. */
export interface NodeAddress {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
  readonly live: boolean;
}

/** How many requests of one API and version came. */
export interface RequestCount {
  readonly api: ApiName;
  readonly version: number;
  readonly count: number;
}

/**
 * What all nodes of the cluster share: in a real cluster it is replicated, here it is one object.
 */
export class ClusterState {
  readonly id = randomBytes(16).toString('base64url');
  readonly clock: Clock;
  readonly logger: Logger;
  readonly brokerConfigs: BrokerConfigs;
  readonly topics: Topics;
  readonly groups: Groups;
  readonly transactions: Transactions;
  /** What one OffsetCommit may take as it is stored. */
  readonly maxCommitBytes: number;
  /** Whether topics are created by use. */
  readonly autoCreateTopics: boolean;
  /** How many partitions a topic gets for which nobody says. */
  readonly defaultPartitions: number;
  readonly requestLog: RequestLog;
  readonly requestMemory = new RequestMemory();
  readonly faults: FaultRegistry;
  /** Undefined unless it was asked for. */
  readonly journal: Journal | undefined;
  readonly #nodes: () => readonly NodeAddress[];
  /** Of groups and of transactional ids that were moved. */
  readonly #coordinators = new Map<string, number>();
  readonly #transactionCoordinators = new Map<string, number>();
  readonly #requests = new Map<string, { api: ApiName; version: number; count: number }>();
  #lastProducerId = 0n;

  /** @param options `nodes` is called each time: nodes stop and start */
  constructor(options: {
    clock: Clock;
    logger: Logger;
    nodeIds: readonly number[];
    nodes: () => readonly NodeAddress[];
    offsetsRetentionMs: number | undefined;
    maxCommitBytes: number;
    autoCreateTopics: boolean;
    defaultPartitions: number;
    rules: GroupRules;
    journalEntries: number;
  }) {
    this.clock = options.clock;
    this.logger = options.logger;
    this.#nodes = options.nodes;
    this.maxCommitBytes = options.maxCommitBytes;
    this.autoCreateTopics = options.autoCreateTopics;
    this.defaultPartitions = options.defaultPartitions;
    this.faults = new FaultRegistry(options.clock);
    const { journalEntries } = options;
    this.journal = journalEntries === 0 ? undefined : new Journal(journalEntries, () => options.clock.now());
    this.requestLog = new RequestLog(options.logger, options.clock);
    this.brokerConfigs = new BrokerConfigs((nodeId) => this.#startedWith(nodeId));
    this.topics = new Topics(options.nodeIds, (nodeId) => this.isLive(nodeId), this.brokerConfigs);
    const memory = new BoundedMemory(GROUPS_BYTES);
    this.groups = new Groups({ ...options, memory }, options.offsetsRetentionMs);
    this.transactions = new Transactions({
      clock: options.clock,
      topics: this.topics,
      groups: this.groups,
      nextProducerId: () => this.nextProducerId(),
    });
  }

  /** The nodes that run. */
  get liveNodes(): readonly NodeAddress[] {
    return this.#nodes().filter(({ live }) => live);
  }

  /**
   * The node that answers for the cluster as its controller: the live one with the lowest id, -1 if
   * none runs.
   */
  get controllerId(): number {
    return this.liveNodes[0]?.nodeId ?? -1;
  }

  isLive(nodeId: number): boolean {
    return this.#nodes().some((node) => node.nodeId === nodeId && node.live);
  }

  /**
   * The node that coordinates a group: the one it was moved to, else chosen by a hash of the
   * group's id; undefined if none runs.
   */
  coordinatorOf(groupId: string): NodeAddress | undefined {
    return this.#movedTo(this.#coordinators.get(groupId)) ?? this.#nodeFor(groupId);
  }

  /** As {@link coordinatorOf}, of a transactional id. */
  transactionCoordinatorOf(transactionalId: string): NodeAddress | undefined {
    return (
      this.#movedTo(this.#transactionCoordinators.get(transactionalId)) ?? this.#nodeFor(transactionalId)
    );
  }

  moveCoordinator(groupId: string, nodeId: number): void {
    if (this.coordinatorOf(groupId)?.nodeId === nodeId) return;
    this.#coordinators.set(groupId, nodeId);
    this.groups.get(groupId)?.moved();
  }

  /** Nothing waits at the former one: its answers to later requests are NOT_COORDINATOR. */
  moveTransactionCoordinator(transactionalId: string, nodeId: number): void {
    this.#transactionCoordinators.set(transactionalId, nodeId);
  }

  /**
   * Call it before nodes stop or start; what it returns tells the groups whose coordinator is another
   * one by then.
   */
  coordinatorsMayChange(): () => void {
    const before = this.groups.all().map((group) => [group, this.coordinatorOf(group.id)?.nodeId] as const);
    return () => {
      for (const [group, nodeId] of before) {
        if (this.coordinatorOf(group.id)?.nodeId !== nodeId) group.moved();
      }
    };
  }

  /** Deletes a topic, and what groups committed for it. */
  deleteTopic(topic: Topic): void {
    this.topics.delete(topic);
    this.groups.topicDeleted(topic.name);
  }

  nextProducerId(): bigint {
    this.#lastProducerId += 1n;
    return this.#lastProducerId;
  }

  #movedTo(moved: number | undefined): NodeAddress | undefined {
    return moved === undefined ? undefined : this.liveNodes.find(({ nodeId }) => nodeId === moved);
  }

  #nodeFor(id: string): NodeAddress | undefined {
    const all = this.#nodes();
    const chosen = all[hash(id) % all.length];
    return chosen?.live === true ? chosen : this.liveNodes[0];
  }

  /** The settings that this cluster has in place of the defaults of brokers. */
  #startedWith(nodeId: number): ReadonlyMap<string, string> {
    const node = this.#nodes().find((each) => each.nodeId === nodeId);
    const listener = `PLAINTEXT://${node?.host ?? ''}:${node?.port ?? 0}`;
    return new Map([
      ['node.id', String(nodeId)],
      ['broker.id', String(nodeId)],
      ['process.roles', 'broker,controller'],
      ['listeners', listener],
      ['advertised.listeners', listener],
      ['auto.create.topics.enable', String(this.autoCreateTopics)],
      ['num.partitions', String(this.defaultPartitions)],
      ['default.replication.factor', String(defaultReplicationFactor(this.topics))],
      ['group.initial.rebalance.delay.ms', '0'],
    ]);
  }

  countRequest(api: ApiName, version: number): void {
    const key = `${api} ${version}`;
    const entry = this.#requests.get(key);
    if (entry === undefined) this.#requests.set(key, { api, version, count: 1 });
    else entry.count++;
  }

  requests(): RequestCount[] {
    return [...this.#requests.values()].map((entry) => ({ ...entry }));
  }
}

/**
 * The hash that Java's String has, made positive: spreads group ids over the nodes, the same in
 * every run.
 */
function hash(text: string): number {
  let value = 0;
  for (let i = 0; i < text.length; i++) value = (Math.imul(31, value) + text.charCodeAt(i)) | 0;
  return value & 0x7fffffff;
}
