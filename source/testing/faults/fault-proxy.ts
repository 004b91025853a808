import { createServer, type Server, type Socket } from 'node:net';
import type { FaultHandle } from '../../embedded/index.ts';
import { checkArguments } from '../../kernel/check-arguments.ts';
import { checkOptionNames } from '../../kernel/check-option-names.ts';
import { isObject } from '../../kernel/is-object.ts';
import { checkLife, Conditions, waysOf, type LifeOptions } from './conditions.ts';
import { ActiveRule, type KafkaRule } from './kafka-rules.ts';
import { checkLink, isDirection, Lane, type Direction, type LinkOptions, type Way } from './link.ts';
import { ProxiedConnection, socketOptions } from './proxied-connection.ts';

/** Where a {@link FaultProxy} listens, and the server behind it. */
export interface FaultProxyOptions {
  /** The server to connect to; `host` is 127.0.0.1 by default. */
  readonly target: { readonly host?: string; readonly port: number };
  /** Default: a free one. */
  readonly port?: number;
}

/** What several proxies may share. */
interface Shared {
  /** Both may be set for one of the ways alone. */
  useLanes(lanes: Partial<Record<Way, Lane>>): void;
  useRule(rule: ActiveRule): void;
}

/** For {@link BrokerProxies}, whose proxies share a link and rules. */
export let sharedOf: (proxy: FaultProxy) => Shared;

/**
 * A TCP proxy on loopback for tests. It passes a server's connections on and breaks them in the
 * ways networks do: it is slow, swallows what passes on one way or on both, breaks off in the
 * middle of an answer, or resets. Point the client at its port.
 *
 * What is set up works together, and on connections that are open as well as on new ones, until
 * {@link pass}. Only {@link rule} knows a protocol: that of Kafka.
 *
 * @example
 * ```ts
 * proxy.link({ latencyMs: 100, bytesPerSecond: 375_000 });   // 3 Mbit/s
 * proxy.resetAfter({ fromMs: 500, toMs: 1_500 });
 * proxy.rule({ api: 'Produce', action: 'drop-answer', times: 3 });
 * ```
 */
export class FaultProxy {
  readonly #target: { readonly host: string; readonly port: number };
  readonly #server: Server;
  readonly #connections = new Set<ProxiedConnection>();
  readonly #conditions = new Conditions();
  #accepted = 0;

  static {
    sharedOf = (proxy) => ({
      useLanes: (lanes) => {
        proxy.#useLanes(lanes);
      },
      useRule: (rule) => {
        proxy.#conditions.rules.add(rule);
      },
    });
  }

  private constructor({ target }: FaultProxyOptions) {
    this.#target = { host: target.host ?? '127.0.0.1', port: target.port };
    this.#server = createServer(socketOptions, (client) => {
      this.#accept(client);
    });
  }

  /** Listens on 127.0.0.1.
   *
   * @throws ConfigError for options that do not fit, or the error of the listener if the port cannot
   *   be used */
  static async start(options: FaultProxyOptions): Promise<FaultProxy> {
    checkOptions(options);
    const proxy = new FaultProxy(options);
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once('error', reject);
      proxy.#server.listen(options.port ?? 0, '127.0.0.1', resolve);
    });
    return proxy;
  }

  /** Where clients connect, on 127.0.0.1. */
  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** Connections open now. */
  get connections(): number {
    let open = 0;
    for (const { isOpen } of this.#connections) if (isOpen) open++;
    return open;
  }

  /** Connections that clients have made so far, refused ones included: one more shows a reconnect. */
  get accepted(): number {
    return this.#accepted;
  }

  /**
   * Everything passes again, and every rule is over. What was held back and what was on its way
   * passes first, as TCP sends again what was lost.
   */
  pass(): void {
    this.#conditions.clear();
    for (const connection of this.#connections) {
      connection.hurry();
      connection.limitLife();
      connection.adapt();
    }
  }

  /**
   * Nothing passes, without an error: on connections that are open, and on new ones.
   *
   * @param direction a black hole on one way: `'to-client'` swallows answers to requests that are
   *   served. Default `'both'`
   * @throws ConfigError
   */
  blackHole(direction: Direction = 'both'): void {
    checkArguments('blackHole', isDirection(direction));
    for (const way of waysOf(direction)) this.#conditions.held[way] = true;
  }

  /**
   * The link is slow: latency, jitter and a bandwidth. It replaces what was set for that direction;
   * `{}` is a link without a limit.
   *
   * @param direction default `'both'`: the latency and the whole bandwidth on each way
   * @throws ConfigError
   */
  link(options: LinkOptions, direction: Direction = 'both'): void {
    checkLink(options, direction);
    this.#useLanes(Object.fromEntries(waysOf(direction).map((way) => [way, new Lane(options)])));
  }

  /**
   * The next answer breaks off after this many bytes, and its connection is reset. What comes after
   * it passes.
   *
   * @throws ConfigError
   */
  cutAfter(bytes: number): void {
    checkArguments('cutAfter', [
      Number.isInteger(bytes) && bytes >= 1,
      'bytes must be a whole number from 1',
      bytes,
    ]);
    this.#conditions.cutBytes = bytes;
  }

  /**
   * Each connection is reset when it has lived this long: a new one from its begin, one that is open
   * from now.
   *
   * @throws ConfigError
   */
  resetAfter(options: LifeOptions): void {
    checkLife(options);
    this.#conditions.life = options;
    for (const connection of this.#connections) connection.limitLife();
  }

  /**
   * What happens to the next requests of an API of Kafka's protocol. The first rule that fits a
   * request is the one that counts. It does not see into TLS.
   *
   * @returns how many it has met
   * @throws ConfigError
   */
  rule(rule: KafkaRule): FaultHandle {
    const active = new ActiveRule(rule);
    this.#conditions.rules.add(active);
    return active;
  }

  /** Resets all connections that are open (RST). New ones pass. */
  reset(): void {
    for (const connection of [...this.#connections]) connection.reset();
  }

  /** Resets all connections, and each new one, until {@link pass}. */
  refuse(): void {
    this.#conditions.isRefusing = true;
    this.reset();
  }

  /** Resets all connections and stops listening. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.reset();
    await closed;
  }

  #useLanes(lanes: Partial<Record<Way, Lane>>): void {
    Object.assign(this.#conditions.lanes, lanes);
    for (const connection of this.#connections) connection.adapt();
  }

  #accept(client: Socket): void {
    this.#accepted++;
    if (this.#conditions.isRefusing) {
      // It may reset the connection itself meanwhile.
      client.on('error', () => undefined);
      client.resetAndDestroy();
      return;
    }
    const connection: ProxiedConnection = new ProxiedConnection(client, this.#target, {
      conditions: this.#conditions,
      onClosed: () => this.#connections.delete(connection),
    });
    this.#connections.add(connection);
  }
}

/** Checks what may come from JavaScript. @throws ConfigError */
function checkOptions(options: unknown): void {
  checkOptionNames('FaultProxy', options, ['target', 'port']);
  const { target, port } = options as Record<string, unknown>;
  const [to, host]: readonly unknown[] = isObject(target) ? [target['port'], target['host']] : [];
  checkArguments(
    'FaultProxy',
    [
      isPort(to) && to !== 0,
      'target must be { host, port } with the port of the server',
      isObject(target) ? to : target,
    ],
    [host === undefined || typeof host === 'string', 'target.host must be text', host],
    [port === undefined || isPort(port), 'port must be a whole number from 0 (any free one) to 65535', port],
  );
}

function isPort(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 65_535;
}
