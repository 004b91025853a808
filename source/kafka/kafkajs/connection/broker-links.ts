import { ConnectionError } from '../../../kernel/errors.ts';
import type { KasperError } from '../../../kernel/errors.ts';
import type { Clock } from '../../../kernel/clock.ts';
import type { Logger } from '../../../kernel/logger.ts';
import type { KafkaObserver } from '../../client.ts';
import { BrokerLink } from './broker-link.ts';
import type { Deadlines } from './deadlines.ts';
import type { CheckedCluster } from '../capture/internals.ts';
import type { BrokerNode } from '../protocol/metadata.ts';
import type { RawRequest } from './raw-call.ts';
import { wrapError } from './wrap-error.ts';

export interface BrokerLinksOptions {
  readonly cluster: CheckedCluster;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly observer: KafkaObserver;
  readonly deadlines: Deadlines;
}

/**
 * The brokers of a cluster, with one {@link BrokerLink} to each that is in use.
 *
 * kafkajs's BrokerPool is not used: its removeBroker can leave it without a seed broker and leaves
 * sockets open, and its metadata refresh asks for all topics or fails for one, and waits out a
 * frozen broker.
 */
export class BrokerLinks {
  readonly #options: BrokerLinksOptions;
  readonly #nodes = new Map<number, BrokerNode>();
  readonly #links = new Map<number, BrokerLink>();
  /** Nodes that had a link: the next link to one of them is opened again. */
  readonly #linked = new Set<number>();
  /**
   * To an address of the user's list, until it is known which node that is. Shared by all who look
   * for a first broker.
   */
  #seed: BrokerLink | undefined;
  #closed: KasperError | undefined;

  constructor(options: BrokerLinksOptions) {
    this.#options = options;
  }

  /** The link to a node if it can be used now. */
  ready(nodeId: number): BrokerLink | undefined {
    const link = this.#links.get(nodeId);
    return link?.usable === true ? link : undefined;
  }

  /**
   * The link to a node, connected. Everybody who asks meanwhile gets the same.
   * @throws ConnectionError, TimeoutError
   */
  async to(nodeId: number): Promise<BrokerLink> {
    if (this.#closed !== undefined) throw this.#closed;
    const node = this.#nodes.get(nodeId);
    if (node === undefined)
      throw new ConnectionError(`Broker ${nodeId} is not among the brokers that the cluster names`, {
        retriable: true,
      });
    const link = this.#linkTo(node);
    await link.connected();
    return link;
  }

  /** Calls one node. The request is on its way when the call returns, if the link is ready. */
  call<Answer>(nodeId: number, request: RawRequest<Answer>, deadlineMs: number): Promise<Answer> {
    const ready = this.ready(nodeId);
    if (ready !== undefined) return ready.call(request, deadlineMs);
    return this.to(nodeId).then((link) => link.call(request, deadlineMs));
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
        this.#options.logger.debug('A broker could not be asked', {
          request: request.apiName,
          error: last.message,
        });
      }
    }
    throw this.#closed ?? last ?? new ConnectionError('No broker is known', { retriable: true });
  }

  /** Takes nodes over; the link to one whose address changed is dropped. */
  learn(nodes: readonly BrokerNode[]): void {
    for (const node of nodes) {
      const known = this.#nodes.get(node.nodeId);
      if (known !== undefined && (known.host !== node.host || known.port !== node.port))
        this.#forget(node.nodeId);
      this.#nodes.set(node.nodeId, node);
    }
    this.#adoptSeed();
  }

  /** As {@link learn}, and forgets all other nodes. */
  learnAll(nodes: readonly BrokerNode[]): void {
    this.learn(nodes);
    const named = new Set(nodes.map(({ nodeId }) => nodeId));
    for (const nodeId of [...this.#nodes.keys()]) if (!named.has(nodeId)) this.#forget(nodeId);
  }

  /** Drops all links for good; resolves when their sockets are closed. */
  async close(reason: KasperError): Promise<void> {
    this.#closed ??= reason;
    const links = [...this.#links.values()];
    if (this.#seed !== undefined) links.push(this.#seed);
    this.#links.clear();
    await Promise.all(links.map((link) => link.drop(reason)));
  }

  /**
   * Links in the order in which they are worth a try: connected ones, then other nodes, then the
   * user's list once round.
   */
  async *#candidates(): AsyncGenerator<BrokerLink> {
    const ready = [...this.#links.values()].filter((link) => link.usable);
    yield* shuffled(ready);
    for (const node of shuffled([...this.#nodes.values()])) {
      if (this.#closed !== undefined) return;
      const known = this.#links.get(node.nodeId);
      const wasTried = known !== undefined && ready.includes(known);
      // It may have left the cluster while another one was asked.
      if (!wasTried && this.#nodes.has(node.nodeId)) yield this.#linkTo(node);
    }
    const tried = new Set<string>();
    while (this.#closed === undefined) {
      const seed = this.#seed === undefined || this.#seed.dead ? this.#newLink() : this.#seed;
      this.#seed = seed;
      // Only then its address is known. Why it failed is reported to those who call it.
      await seed.connected().catch(() => undefined);
      if (tried.has(seed.address)) return;
      tried.add(seed.address);
      yield seed;
    }
  }

  #linkTo(node: BrokerNode): BrokerLink {
    const known = this.#links.get(node.nodeId);
    if (known?.dead === false) return known;
    void known?.drop(
      new ConnectionError(`Broker ${known.address} closed the connection`, { retriable: true }),
    );
    if (this.#linked.has(node.nodeId)) this.#options.observer.onReconnect();
    const link = this.#newLink(node);
    this.#setLink(node.nodeId, link);
    return link;
  }

  #setLink(nodeId: number, link: BrokerLink): void {
    this.#linked.add(nodeId);
    this.#links.set(nodeId, link);
  }

  #newLink(node?: BrokerNode): BrokerLink {
    const { cluster, clock, logger, observer, deadlines } = this.#options;
    return new BrokerLink({
      cluster: cluster.cluster,
      connectionTimeoutMs: cluster.connectionTimeoutMs,
      destination: node && { host: node.host, port: node.port },
      clock,
      logger,
      observer,
      deadlines,
    });
  }

  /**
   * The seed becomes the link of the node that it turned out to reach, or is dropped: the nodes
   * have links of their own.
   */
  #adoptSeed(): void {
    const seed = this.#seed;
    if (seed === undefined || this.#nodes.size === 0) return;
    this.#seed = undefined;
    for (const { nodeId, host, port } of this.#nodes.values()) {
      if (host === seed.host && port === seed.port && !this.#links.has(nodeId)) {
        this.#setLink(nodeId, seed);
        return;
      }
    }
    void seed.drop(
      new ConnectionError('The broker is reached under another address now', { retriable: true }),
    );
  }

  #forget(nodeId: number): void {
    this.#nodes.delete(nodeId);
    const link = this.#links.get(nodeId);
    this.#links.delete(nodeId);
    void link?.drop(new ConnectionError(`Broker ${nodeId} left the cluster or moved`, { retriable: true }));
  }
}

/** In random order, so that clients do not all ask the same broker. Sorts in place. */
function shuffled<T>(items: T[]): T[] {
  const keys = new Map(items.map((item) => [item, Math.random()]));
  return items.sort((a, b) => (keys.get(a) ?? 0) - (keys.get(b) ?? 0));
}
