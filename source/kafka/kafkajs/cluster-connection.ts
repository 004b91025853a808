import { BrokerError, ConnectionError } from '../../kernel/errors.ts';
import type { KasperError } from '../../kernel/errors.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { Logger } from '../../kernel/logger.ts';
import type { TopicPartition } from '../../message.ts';
import { BrokerLink } from './broker-link.ts';
import type { Deadlines } from './deadlines.ts';
import type { CheckedCluster } from './internals.ts';
import { brokerError, brokerErrorKind } from './protocol/broker-errors.ts';
import { findCoordinatorRequest } from './protocol/find-coordinator.ts';
import { metadataRequest } from './protocol/metadata.ts';
import type { BrokerNode, MetadataAnswer, TopicMetadata } from './protocol/metadata.ts';
import type { RawRequest } from './raw-call.ts';
import { retryLoop } from './retry-loop.ts';
import { wrapError } from './wrap-error.ts';

/** Who leads a partition, and since which epoch. */
export interface Leader {
  readonly nodeId: number;
  readonly epoch: number;
}

export interface ClusterConnectionOptions {
  readonly cluster: CheckedCluster;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly deadlines: Deadlines;
}

/** How far apart a group's coordinator is asked for while there is none. */
const COORDINATOR_RETRY_MS = 100;

/**
 * The brokers of a cluster, the leaders of the partitions in use, and one {@link BrokerLink} per broker.
 *
 * kafkajs's BrokerPool is not used: its removeBroker can leave it without a seed broker, its metadata refresh asks for all topics or fails for one,
 * waits out a frozen broker, and its coordinator look-up retries inside itself for ten seconds.
 */
export class ClusterConnection {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly deadlines: Deadlines;
  readonly #cluster: CheckedCluster;
  readonly #nodes = new Map<number, BrokerNode>();
  readonly #links = new Map<number, BrokerLink>();
  readonly #topics = new Map<string, TopicMetadata>();
  readonly #coordinators = new Map<string, number>();
  /** Made from the user's list; at most one at a time, and only until the nodes are known. */
  #seed: BrokerLink | undefined;
  #refreshing: Promise<void> = Promise.resolve();
  #nextRefresh: { readonly topics: Set<string>; readonly done: Promise<void> } | undefined;
  #controllerId = -1;
  #closed: KasperError | undefined;

  constructor(options: ClusterConnectionOptions) {
    this.#cluster = options.cluster;
    this.clock = options.clock;
    this.logger = options.logger;
    this.deadlines = options.deadlines;
  }

  /** Finds a first broker and learns the others. */
  async connect(): Promise<void> {
    await retryLoop(
      this.clock,
      { timeoutMs: this.deadlines.firstConnectMs, what: 'Connecting to Kafka', closed: () => this.#closed },
      () => this.refresh([]),
      (error, inMs) => {
        this.logger.warn('No broker could be reached yet', { error: error.message, retryInMs: inMs });
      },
    );
  }

  /** Undefined: not asked for yet, or it has no leader now. */
  leaderOf({ topic, partition }: TopicPartition): Leader | undefined {
    const found = this.#topics.get(topic)?.partitions.find((entry) => entry.partition === partition);
    if (found === undefined || found.leader < 0) return undefined;
    return { nodeId: found.leader, epoch: found.leaderEpoch };
  }

  /** What the last refresh told of a topic, errors included; undefined if it was never asked for. */
  topic(topic: string): TopicMetadata | undefined {
    return this.#topics.get(topic);
  }

  /** The node that creates topics; -1 if none is known. */
  get controllerId(): number {
    return this.#controllerId;
  }

  /** The link to a node if it can be used at once. */
  readyLink(nodeId: number): BrokerLink | undefined {
    const link = this.#links.get(nodeId);
    return link?.usable === true ? link : undefined;
  }

  /** The link to a node, connected. Everybody who asks meanwhile gets the same. */
  async link(nodeId: number): Promise<BrokerLink> {
    this.#failIfClosed();
    const known = this.#links.get(nodeId);
    if (known?.usable === true) return known;
    const node = this.#nodes.get(nodeId);
    if (node === undefined)
      throw new ConnectionError(`Broker ${nodeId} is not among the brokers that the cluster names`, {
        retriable: true,
      });
    let link = known;
    if (link === undefined || isDead(link)) {
      void link?.drop(closedByBroker(link));
      link = this.#newLink(node);
      this.#links.set(nodeId, link);
    }
    await link.connected();
    return link;
  }

  /** Calls one node. The request is on its way when the call returns, if the link is ready. */
  call<Answer>(nodeId: number, request: RawRequest<Answer>, deadlineMs: number): Promise<Answer> {
    const ready = this.readyLink(nodeId);
    if (ready !== undefined) return ready.call(request, deadlineMs);
    return this.link(nodeId).then((link) => link.call(request, deadlineMs));
  }

  /** Calls the brokers one after the other, those first that are connected, until one answers. */
  async callAny<Answer>(request: RawRequest<Answer>, deadlineMs: number): Promise<Answer> {
    let last: KasperError | undefined;
    for await (const link of this.#candidates()) {
      try {
        await link.connected();
        return await link.call(request, deadlineMs);
      } catch (thrown) {
        last = wrapError(thrown, `Broker ${link.address} (${request.apiName})`);
        if (!last.retriable) throw last;
        this.logger.debug('A broker could not be asked', { error: last.message, request: request.apiName });
      }
    }
    this.#failIfClosed();
    throw last ?? new ConnectionError('No broker is known', { retriable: true });
  }

  /**
   * Asks for these topics anew (Metadata). One request at a time: who comes while one is under way shares the next one, so that the answer
   * is never older than the question.
   */
  refresh(topics: Iterable<string>): Promise<void> {
    const next = (this.#nextRefresh ??= this.#scheduleRefresh());
    for (const topic of topics) next.topics.add(topic);
    return next.done;
  }

  /** The node that keeps a group's offsets, asked of a live broker until there is one or `timeoutMs` has passed. */
  async coordinatorOf(groupId: string, timeoutMs: number): Promise<number> {
    const known = this.#coordinators.get(groupId);
    if (known !== undefined) return known;
    const what = `FindCoordinator of group ${groupId}`;
    const answer = await retryLoop(
      this.clock,
      {
        timeoutMs,
        what,
        backoff: { initialMs: COORDINATOR_RETRY_MS, maxMs: COORDINATOR_RETRY_MS },
        closed: () => this.#closed,
      },
      async () => {
        const found = await this.callAny(findCoordinatorRequest(groupId), this.deadlines.requestMs);
        if (found.errorCode !== 0) throw brokerError(found.errorCode, what, found.errorMessage);
        return found;
      },
    );
    this.#learnNodes([answer]);
    this.#coordinators.set(groupId, answer.nodeId);
    return answer.nodeId;
  }

  /** Forgets a coordinator, so that it is looked up anew. */
  forgetCoordinator(groupId: string): void {
    this.#coordinators.delete(groupId);
  }

  /** Destroys all connections; resolves when they are closed. */
  async close(): Promise<void> {
    const closed = (this.#closed ??= new ConnectionError('The Kafka client is closed', { retriable: false }));
    const links = [...this.#links.values()];
    if (this.#seed !== undefined) links.push(this.#seed);
    this.#links.clear();
    await Promise.all(links.map((link) => link.drop(closed)));
  }

  #scheduleRefresh(): { topics: Set<string>; done: Promise<void> } {
    const topics = new Set<string>();
    const done = this.#refreshing.then(async () => {
      this.#nextRefresh = undefined;
      this.#learn(await this.callAny(metadataRequest([...topics]), this.deadlines.requestMs));
    });
    this.#refreshing = done.catch(() => undefined);
    return { topics, done };
  }

  #learn(answer: MetadataAnswer): void {
    this.#learnNodes(answer.brokers);
    for (const nodeId of this.#nodes.keys())
      if (!answer.brokers.some((node) => node.nodeId === nodeId)) this.#forgetNode(nodeId);
    this.#controllerId = answer.controllerId;
    for (const topic of answer.topics)
      this.#topics.set(topic.topic, keepNewerEpochs(this.#topics.get(topic.topic), topic));
  }

  #learnNodes(nodes: readonly BrokerNode[]): void {
    for (const node of nodes) {
      const known = this.#nodes.get(node.nodeId);
      const moved = known !== undefined && (known.host !== node.host || known.port !== node.port);
      if (moved) this.#forgetNode(node.nodeId);
      this.#nodes.set(node.nodeId, node);
    }
    this.#adoptSeed();
  }

  /** The seed link becomes the link of the node that it turned out to reach, or is dropped: other links do the rest. */
  #adoptSeed(): void {
    const seed = this.#seed;
    if (seed === undefined || this.#nodes.size === 0) return;
    this.#seed = undefined;
    for (const node of this.#nodes.values()) {
      if (node.host === seed.host && node.port === seed.port && !this.#links.has(node.nodeId)) {
        this.#links.set(node.nodeId, seed);
        return;
      }
    }
    void seed.drop(new ConnectionError('Reached under another address now', { retriable: true }));
  }

  #forgetNode(nodeId: number): void {
    this.#nodes.delete(nodeId);
    const link = this.#links.get(nodeId);
    this.#links.delete(nodeId);
    void link?.drop(new ConnectionError(`Broker ${nodeId} left the cluster or moved`, { retriable: true }));
  }

  /** Links in the order in which they are worth a try: connected ones, then other nodes, then the user's list once round. */
  async *#candidates(): AsyncGenerator<BrokerLink> {
    const ready = [...this.#links.values()].filter((link) => link.usable);
    yield* shuffled(ready);
    for (const nodeId of shuffled([...this.#nodes.keys()])) {
      if (this.#closed !== undefined) return;
      if (ready.some((link) => this.#links.get(nodeId) === link)) continue;
      const link = this.#links.get(nodeId);
      if (link !== undefined && !isDead(link)) yield link;
      else {
        const node = this.#nodes.get(nodeId);
        if (node === undefined) continue;
        const made = this.#newLink(node);
        this.#links.set(nodeId, made);
        yield made;
      }
    }
    const tried = new Set<string>();
    while (this.#closed === undefined) {
      void this.#seed?.drop(new ConnectionError('Another broker of the list is tried', { retriable: true }));
      const seed = this.#newLink(undefined);
      this.#seed = seed;
      await seed.connected().catch(() => undefined);
      if (tried.has(seed.address)) {
        void seed.drop(new ConnectionError('All brokers of the list were tried', { retriable: true }));
        return;
      }
      tried.add(seed.address);
      yield seed;
    }
  }

  #newLink(destination: BrokerNode | undefined): BrokerLink {
    return new BrokerLink({
      cluster: this.#cluster.cluster,
      connectionTimeoutMs: this.#cluster.connectionTimeoutMs,
      destination: destination && { host: destination.host, port: destination.port },
      clock: this.clock,
      logger: this.logger,
      deadlines: this.deadlines,
    });
  }

  #failIfClosed(): void {
    if (this.#closed !== undefined) throw this.#closed;
  }
}

/** True for an error after which the leaders should be asked for anew. */
export function wantsRefresh(error: KasperError): boolean {
  if (error instanceof BrokerError) return brokerErrorKind(error.brokerCode).refresh === true;
  return error.code === 'CONNECTION' || error.code === 'TIMEOUT';
}

/**
 * A broker that lags behind may answer with an older leader than is known already; taking that would send requests back and
 * forth. A topic made anew starts its epochs anew.
 */
function keepNewerEpochs(known: TopicMetadata | undefined, told: TopicMetadata): TopicMetadata {
  if (known === undefined || known.topicId !== told.topicId || told.errorCode !== 0) return told;
  const partitions = told.partitions.map((entry) => {
    const before = known.partitions.find(({ partition }) => partition === entry.partition);
    return before !== undefined && before.leader >= 0 && before.leaderEpoch > entry.leaderEpoch
      ? before
      : entry;
  });
  return { ...told, partitions };
}

/** Lost, or closed by the broker while nobody was calling. */
function isDead(link: BrokerLink): boolean {
  return link.lost !== undefined || link.closedByBroker;
}

function closedByBroker(link: BrokerLink): ConnectionError {
  return new ConnectionError(`Broker ${link.address} closed the connection`, { retriable: true });
}

function shuffled<T>(items: T[]): T[] {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    const [a, b] = [items[i], items[j]];
    if (a === undefined || b === undefined) continue;
    items[i] = b;
    items[j] = a;
  }
  return items;
}
