import { ConnectionError } from '../../../kernel/errors.ts';
import type { KasperError } from '../../../kernel/errors.ts';
import { addressText, parseAddress } from '../../../kernel/address.ts';
import type { Clock } from '../../../kernel/clock.ts';
import type { Logger } from '../../../kernel/logger.ts';
import type { KafkaObserver } from '../../client.ts';
import { BrokerLink, NO_ADDRESS_YET } from './broker-link.ts';
import { type CallLimit, CallWatch } from './call-watch.ts';
import { ConnectPauses } from './connect-pauses.ts';
import type { Deadlines } from './deadlines.ts';
import type { CapturedCluster } from '../capture/capture-cluster.ts';
import { isForeign } from '../capture/foreign-protocol.ts';
import type { SeedAddress } from '../capture/seed-addresses.ts';
import type { BrokerNode } from '../protocol/metadata.ts';
import type { RawRequest } from './raw-call.ts';
import { wrapError } from './wrap-error.ts';

export interface BrokerLinksOptions {
  readonly cluster: CapturedCluster;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly observer: KafkaObserver;
  readonly deadlines: Deadlines;
  /** For how long a first broker is looked for. */
  readonly firstConnectTimeoutMs: number;
}

/** What a link is for: Produce requests have one of their own. */
export type Lane = 'produce' | 'all else';

/**
 * The brokers of a cluster, with one {@link BrokerLink} to each that is in use, and another one for
 * Produce requests: on a slow link their bytes would hold up commits and claims, whose deadlines are
 * absolute, and a link that is dropped for one of these would take them with it.
 *
 * kafkajs's BrokerPool is not used: its removeBroker can leave it without a seed broker and leaves
 * sockets open, and its metadata refresh asks for all topics or fails for one, and waits out a
 * frozen broker.
 */
export class BrokerLinks {
  readonly #options: BrokerLinksOptions;
  readonly #nodes = new Map<number, BrokerNode>();
  readonly #links = new Map<number, BrokerLink>();
  readonly #produceLinks = new Map<number, BrokerLink>();
  /** Of which node there was a link, in each lane: the next one is opened again. */
  readonly #linked: Readonly<Record<Lane, Set<number>>> = { produce: new Set(), 'all else': new Set() };
  readonly watch: CallWatch;
  readonly #pauses: ConnectPauses;
  /**
   * To an address of the user's list, until it is known which node that is. Shared by all who look
   * for a first broker.
   */
  #seed: BrokerLink | undefined;
  /** Why addresses of the user's list could not be used. */
  readonly #seedErrors = new Map<string, KasperError>();
  #closed: KasperError | undefined;

  constructor(options: BrokerLinksOptions) {
    this.#options = options;
    this.watch = new CallWatch(options.clock);
    this.#pauses = new ConnectPauses(options.clock);
  }

  /** The user's addresses as far as they are known, with the last error of each. */
  get seeds(): readonly SeedAddress[] {
    const { seeds, sockets } = this.#options.cluster;
    const errors = this.#seedErrors;
    const met = new Set([...errors.keys(), this.#seed?.address]);
    const known = seeds?.known ?? [...met].flatMap((text) => parseAddress(text) ?? []);
    return known.map((address) => ({ ...address, sockets, error: errors.get(addressText(address)) }));
  }

  /** Why no address is known, where asking the user's function for them has failed. */
  get seedsError(): KasperError | undefined {
    return this.#seedErrors.get(NO_ADDRESS_YET);
  }

  /** Waits no longer for what is at an address of the list. */
  giveUpSeed(address: string, reason: KasperError): void {
    if (this.#seed?.address === address) void this.#seed.drop(reason);
  }

  /** The link to a node if it can be used now. */
  ready(nodeId: number, lane: Lane = 'all else'): BrokerLink | undefined {
    const link = this.#of(lane).get(nodeId);
    return link?.usable === true ? link : undefined;
  }

  /**
   * The link to a node, connected. Everybody who asks meanwhile gets the same.
   * @throws ConnectionError, TimeoutError
   */
  async to(nodeId: number, lane: Lane = 'all else'): Promise<BrokerLink> {
    if (this.#closed !== undefined) throw this.#closed;
    const node = this.#nodes.get(nodeId);
    if (node === undefined)
      throw new ConnectionError(`Broker ${nodeId} is not among the brokers that the cluster names`, {
        retriable: true,
      });
    const link = this.#linkTo(node, lane);
    await link.connected();
    return link;
  }

  /**
   * Calls one node. The request is on its way when the call returns, if the link is ready. Where it
   * has to be connected first, that is limited as well.
   */
  call<Answer>(nodeId: number, request: RawRequest<Answer>, limit: CallLimit): Promise<Answer> {
    const ready = this.ready(nodeId);
    if (ready !== undefined) return ready.call(request, limit);
    return this.#connectAndCall(nodeId, request, limit);
  }

  async #connectAndCall<Answer>(
    nodeId: number,
    request: RawRequest<Answer>,
    limit: CallLimit,
  ): Promise<Answer> {
    const { ms, inAllMs } = limit;
    const connectMs = limit.connectMs ?? inAllMs ?? ms;
    const began = this.watch.now();
    const text = `Broker ${nodeId} could not be connected to in time (${request.apiName})`;
    const link = await this.watch.within(connectMs, () => this.watch.tooLate(text), this.to(nodeId));
    if (inAllMs === undefined) return link.call(request, { ms });
    return link.call(request, { ms, inAllMs: inAllMs - (this.watch.now() - began) });
  }

  /** Calls the brokers one after the other, those first that are connected, until one answers. */
  async callAny<Answer>(request: RawRequest<Answer>, limit: CallLimit): Promise<Answer> {
    let last: KasperError | undefined;
    for await (const link of this.#candidates()) {
      try {
        await link.connected();
        return await link.call(request, limit);
      } catch (thrown) {
        const error = wrapError(thrown, `Broker ${link.address} (${request.apiName})`);
        // At another address there may be a Kafka all the same.
        if (!error.retriable && !isForeign(error)) throw error;
        if (last?.retriable !== true) last = error;
        this.#options.logger.debug('A broker could not be asked', {
          request: request.apiName,
          error: error.message,
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
    const links = [...this.#links.values(), ...this.#produceLinks.values()];
    if (this.#seed !== undefined) links.push(this.#seed);
    this.#links.clear();
    this.#produceLinks.clear();
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
      if (!wasTried && this.#nodes.has(node.nodeId)) yield this.#linkTo(node, 'all else');
    }
    const tried = new Set<string>();
    while (this.#closed === undefined) {
      const seed = this.#seed === undefined || this.#seed.dead ? this.#newLink() : this.#seed;
      this.#seed = seed;
      // Only then its address is known. Why it failed is reported to those who call it.
      await seed.connected().then(
        () => this.#seedErrors.delete(seed.address),
        (thrown: unknown) => this.#seedErrors.set(seed.address, wrapError(thrown, `Broker ${seed.address}`)),
      );
      if (tried.has(seed.address)) return;
      tried.add(seed.address);
      yield seed;
    }
  }

  #linkTo(node: BrokerNode, lane: Lane): BrokerLink {
    const known = this.#of(lane).get(node.nodeId);
    if (known?.dead === false) return known;
    void known?.drop(
      new ConnectionError(`Broker ${known.address} closed the connection`, { retriable: true }),
    );
    const link = this.#newLink(node, this.#linked[lane].has(node.nodeId));
    this.#setLink(node.nodeId, link, lane);
    return link;
  }

  #setLink(nodeId: number, link: BrokerLink, lane: Lane): void {
    this.#linked[lane].add(nodeId);
    this.#of(lane).set(nodeId, link);
  }

  #of(lane: Lane): Map<number, BrokerLink> {
    return lane === 'produce' ? this.#produceLinks : this.#links;
  }

  #newLink(node?: BrokerNode, isAgain = false): BrokerLink {
    const { cluster, clock, logger, observer, deadlines } = this.#options;
    return new BrokerLink({
      watch: this.watch,
      pauses: this.#pauses,
      isAgain,
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
        this.#setLink(nodeId, seed, 'all else');
        return;
      }
    }
    void seed.drop(
      new ConnectionError('The broker is reached under another address now', { retriable: true }),
    );
  }

  #forget(nodeId: number): void {
    this.#nodes.delete(nodeId);
    const gone = new ConnectionError(`Broker ${nodeId} left the cluster or moved`, { retriable: true });
    for (const links of [this.#links, this.#produceLinks]) {
      void links.get(nodeId)?.drop(gone);
      links.delete(nodeId);
    }
  }
}

/** In random order, so that clients do not all ask the same broker. Sorts in place. */
function shuffled<T>(items: T[]): T[] {
  const keys = new Map(items.map((item) => [item, Math.random()]));
  return items.sort((a, b) => (keys.get(a) ?? 0) - (keys.get(b) ?? 0));
}
