import { connect, createServer, type Server, type Socket } from 'node:net';

/** Where a {@link FaultProxy} listens and what it stands before. */
export interface FaultProxyOptions {
  /** The server behind it; `host` is 127.0.0.1 by default. */
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
 * A TCP proxy on loopback that stands before a server of a test and breaks its connections in the ways networks do: swallows everything, is slow, breaks off in the
 * midst of an answer, resets. Point the client at its port. For tests; it knows nothing of the protocol within.
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

  /** Listens on 127.0.0.1. Rejects with the error of the port, if it cannot be had. */
  static async start(options: FaultProxyOptions): Promise<FaultProxy> {
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

  /** Everything passes again, what was held back first: as TCP sends again what was lost. */
  pass(): void {
    this.#mode = { kind: 'pass' };
    for (const { client, server } of this.#pairs) {
      client.resume();
      server.resume();
    }
  }

  /** Nothing passes, either way, and nobody is told: of connections that are open, and of new ones. */
  blackHole(): void {
    this.#mode = { kind: 'black-hole' };
    for (const { client, server } of this.#pairs) {
      client.pause();
      server.pause();
    }
  }

  /** Each answer is held back for so many milliseconds. */
  delay(ms: number): void {
    this.#mode = { kind: 'delay', ms };
  }

  /** The next answer breaks off after so many bytes of it, and its connection with it. Then everything passes again. */
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

  /** Ends all connections and stops listening. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.reset();
    await closed;
  }

  #accept(client: Socket): void {
    if (this.#mode.kind === 'refuse') {
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
