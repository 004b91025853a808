import { connect, createServer, type Server, type Socket } from 'node:net';
import { checkArguments } from '../kernel/check-arguments.ts';
import { checkOptionNames } from '../kernel/check-option-names.ts';
import { isObject } from '../kernel/is-object.ts';

/** Where a {@link FaultProxy} listens, and the server behind it. */
export interface FaultProxyOptions {
  /** The server to connect to; `host` is 127.0.0.1 by default. */
  readonly target: { readonly host?: string; readonly port: number };
  /** Default: a free one. */
  readonly port?: number;
}

/** What the proxy does with what passes through it. */
type Mode =
  | { readonly kind: 'pass' }
  | { readonly kind: 'black-hole' }
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'cut'; readonly bytes: number }
  | { readonly kind: 'refuse' };

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
}

/**
 * A TCP proxy on loopback for tests. It passes a server's connections on and breaks them in the
 * ways networks do: it swallows everything, is slow, breaks off in the middle of an answer, or
 * resets. Point the client at its port. It knows nothing of the protocol.
 */
export class FaultProxy {
  readonly #target: { readonly host: string; readonly port: number };
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  #mode: Mode = { kind: 'pass' };

  private constructor({ target }: FaultProxyOptions) {
    this.#target = { host: target.host ?? '127.0.0.1', port: target.port };
    // Half-open, so that the end of one direction does not end the other.
    this.#server = createServer({ allowHalfOpen: true }, (client) => {
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
    return this.#pairs.size;
  }

  /** Everything passes again, first what was held back, as TCP sends again what was lost. */
  pass(): void {
    this.#mode = { kind: 'pass' };
    for (const { client, server } of this.#pairs) {
      client.resume();
      server.resume();
    }
  }

  /**
   * Nothing passes in either direction, without an error: on connections that are open, and on new
   * ones.
   */
  blackHole(): void {
    this.#mode = { kind: 'black-hole' };
    for (const { client, server } of this.#pairs) {
      client.pause();
      server.pause();
    }
  }

  /** Each answer is held back for this many milliseconds. */
  delay(ms: number): void {
    this.#mode = { kind: 'delay', ms };
  }

  /**
   * The next answer breaks off after this many bytes, and its connection is reset. Then everything
   * passes again.
   */
  cutAfter(bytes: number): void {
    this.#mode = { kind: 'cut', bytes };
  }

  /** Resets all connections that are open (RST). New ones pass. */
  reset(): void {
    for (const { client, server } of [...this.#pairs]) {
      client.resetAndDestroy();
      server.destroy();
    }
  }

  /** Resets all connections, and each new one, until {@link pass}. */
  refuse(): void {
    this.#mode = { kind: 'refuse' };
    this.reset();
  }

  /** Resets all connections and stops listening. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.reset();
    await closed;
  }

  #accept(client: Socket): void {
    if (this.#mode.kind === 'refuse') {
      // It may reset the connection itself meanwhile.
      client.on('error', () => undefined);
      client.resetAndDestroy();
      return;
    }
    const server = connect({ ...this.#target, allowHalfOpen: true });
    const pair = { client, server };
    this.#pairs.add(pair);
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      // A broken connection is broken on both sides; why, each side sees for itself.
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        this.#pairs.delete(pair);
        other.destroy();
      });
      socket.on('end', () => other.end());
    }
    client.on('data', (bytes) => {
      server.write(bytes);
    });
    server.on('data', (bytes) => {
      this.#answer(pair, bytes);
    });
    if (this.#mode.kind === 'black-hole') {
      client.pause();
      server.pause();
    }
  }

  #answer({ client, server }: Pair, bytes: Buffer): void {
    const mode = this.#mode;
    if (mode.kind === 'delay') {
      // Timers of one length fire in their order, so the bytes keep theirs.
      setTimeout(() => {
        if (client.writable) client.write(bytes);
      }, mode.ms);
      return;
    }
    if (mode.kind !== 'cut') {
      client.write(bytes);
      return;
    }
    if (bytes.length < mode.bytes) {
      client.write(bytes);
      this.#mode = { kind: 'cut', bytes: mode.bytes - bytes.length };
      return;
    }
    this.#mode = { kind: 'pass' };
    server.destroy();
    client.write(bytes.subarray(0, mode.bytes), () => client.resetAndDestroy());
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
