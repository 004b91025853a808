import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import type { FaultHandle } from '../../embedded/index.ts';
import { parseAddress } from '../../kernel/address.ts';
import { checkArguments } from '../../kernel/check-arguments.ts';
import { checkOptionNames } from '../../kernel/check-option-names.ts';
import { ConfigError } from '../../kernel/errors.ts';
import { show } from '../../kernel/shown-value.ts';
import { waysOf, type LifeOptions } from './conditions.ts';
import { FaultProxy, sharedOf } from './fault-proxy.ts';
import { ActiveRule, type KafkaRule } from './kafka-rules.ts';
import { checkLink, Lane, type Direction, type LinkOptions } from './link.ts';

/** The cluster behind {@link BrokerProxies}. */
export interface BrokerProxiesOptions {
  /** The addresses of all its brokers, as they report them to clients: `host:port`. */
  readonly brokers: readonly string[];
}

/** Makes the sockets of a client: the option `socketFactory` of kafkajs. */
export type SocketFactory = (args: {
  host: string;
  port: number;
  ssl?: ConnectionOptions | null;
  onConnect: () => void;
}) => Socket;

/**
 * A {@link FaultProxy} before each broker of a Kafka cluster, embedded or real. Brokers report their
 * own addresses, so a client is led through the proxies by its `socketFactory`.
 *
 * Each method does to all of them what it does to one; a link's bandwidth and the `times` of a rule
 * are of all together.
 *
 * @example
 * ```ts
 * const proxies = await BrokerProxies.start({ brokers });
 * const { socketFactory } = proxies;
 * const processor = new TopicProcessor({ ...options, client: { brokers, socketFactory } }, copy);
 * proxies.link({ latencyMs: 100, bytesPerSecond: 375_000 });
 * proxies.broker(brokers[0]).blackHole();
 * ```
 */
export class BrokerProxies {
  readonly #proxies: ReadonlyMap<string, FaultProxy>;

  private constructor(proxies: ReadonlyMap<string, FaultProxy>) {
    this.#proxies = proxies;
  }

  /** Listens on a free port of 127.0.0.1 for each broker.
   *
   * @throws ConfigError for options that do not fit */
  static async start(options: BrokerProxiesOptions): Promise<BrokerProxies> {
    checkOptionNames('BrokerProxies', options, ['brokers']);
    const { brokers }: { readonly brokers: unknown } = options;
    checkArguments('BrokerProxies', [
      Array.isArray(brokers) &&
        brokers.length > 0 &&
        brokers.every((broker) => parseAddress(broker) !== undefined),
      'brokers must be a list of addresses such as localhost:9092',
      brokers,
    ]);
    const proxies = new Map<string, FaultProxy>();
    for (const broker of options.brokers) {
      const target = parseAddress(broker);
      if (target !== undefined) proxies.set(broker, await FaultProxy.start({ target }));
    }
    return new BrokerProxies(proxies);
  }

  /**
   * The port of the proxy before each broker, by the broker's address: plain data, which
   * {@link BrokerProxies.socketFactory} takes in another process, too.
   */
  get ports(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#proxies].map(([broker, { port }]) => [broker, port]));
  }

  /** For the option `client` of a TopicProcessor, and for kafkajs. */
  get socketFactory(): SocketFactory {
    return BrokerProxies.socketFactory(this.ports);
  }

  /** Connections open now. */
  get connections(): number {
    return sum(this.#all, (proxy) => proxy.connections);
  }

  /** Connections that clients have made so far, as {@link FaultProxy.accepted}. */
  get accepted(): number {
    return sum(this.#all, (proxy) => proxy.accepted);
  }

  /**
   * The sockets of a client that goes through proxies.
   *
   * @param ports as {@link BrokerProxies.ports} gives them
   * @returns a factory that throws a ConfigError where a broker is none of these
   */
  static socketFactory(ports: Readonly<Record<string, number>>): SocketFactory {
    checkArguments('socketFactory', [
      typeof ports === 'object' && Object.values(ports).every(Number.isInteger),
      'ports must be an object of the ports by brokers',
      ports,
    ]);
    return ({ host, port, ssl, onConnect }) => {
      const to = { host: '127.0.0.1', port: portFor(ports, host, port) };
      if (ssl === undefined || ssl === null) return connect(to, onConnect);
      return connectTls({ ...(isIP(host) === 0 ? { servername: host } : {}), ...ssl, ...to }, onConnect);
    };
  }

  /**
   * The proxy before one broker.
   *
   * @param address as it was given
   * @throws ConfigError if it was not
   */
  broker(address: string): FaultProxy {
    const proxy = this.#proxies.get(address);
    if (proxy === undefined) throw unknownBroker(address, [...this.#proxies.keys()]);
    return proxy;
  }

  /** As {@link FaultProxy.pass}. */
  pass(): void {
    for (const proxy of this.#all) proxy.pass();
  }

  /** As {@link FaultProxy.blackHole}. @throws ConfigError */
  blackHole(direction: Direction = 'both'): void {
    for (const proxy of this.#all) proxy.blackHole(direction);
  }

  /** As {@link FaultProxy.link}, and the bandwidth is that of all brokers together. @throws ConfigError */
  link(options: LinkOptions, direction: Direction = 'both'): void {
    checkLink(options, direction);
    const lanes = Object.fromEntries(waysOf(direction).map((way) => [way, new Lane(options)]));
    for (const proxy of this.#all) sharedOf(proxy).useLanes(lanes);
  }

  /** As {@link FaultProxy.resetAfter}. @throws ConfigError */
  resetAfter(options: LifeOptions): void {
    for (const proxy of this.#all) proxy.resetAfter(options);
  }

  /** As {@link FaultProxy.rule}, and its `times` count at all brokers together. @throws ConfigError */
  rule(rule: KafkaRule): FaultHandle {
    const active = new ActiveRule(rule);
    for (const proxy of this.#all) sharedOf(proxy).useRule(active);
    return active;
  }

  /** As {@link FaultProxy.reset}. */
  reset(): void {
    for (const proxy of this.#all) proxy.reset();
  }

  /** As {@link FaultProxy.refuse}. */
  refuse(): void {
    for (const proxy of this.#all) proxy.refuse();
  }

  /** Resets all connections and stops listening. */
  async close(): Promise<void> {
    await Promise.all([...this.#all].map((proxy) => proxy.close()));
  }

  get #all(): readonly FaultProxy[] {
    return [...this.#proxies.values()];
  }
}

/** By its address, or by its port where only one broker has that: a host may have several names. */
function portFor(ports: Readonly<Record<string, number>>, host: string, port: number): number {
  const exact = ports[`${host}:${port}`];
  if (exact !== undefined) return exact;
  const [byPort, ...others] = Object.keys(ports).filter((broker) => parseAddress(broker)?.port === port);
  const found = byPort === undefined || others.length > 0 ? undefined : ports[byPort];
  if (found === undefined) throw unknownBroker(`${host}:${port}`, Object.keys(ports));
  return found;
}

function unknownBroker(address: string, brokers: readonly string[]): ConfigError {
  const known =
    brokers.length > 3
      ? `${brokers.slice(0, 3).join(', ')} and ${brokers.length - 3} more`
      : brokers.join(', ');
  return new ConfigError(
    [
      `no proxy stands before ${show(address)}, only before ${known}: give all brokers, as they report themselves`,
    ],
    {
      what: 'BrokerProxies',
    },
  );
}

function sum(proxies: readonly FaultProxy[], of: (proxy: FaultProxy) => number): number {
  return proxies.reduce((total, proxy) => total + of(proxy), 0);
}
