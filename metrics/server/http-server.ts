import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HostGuard } from './host-guard.ts';
import { send, text, type Response } from './responses.ts';
import { messageOf } from '../../source/kernel/thrown-text.ts';

/** More than any number of scrapers and open dashboards; further connections are refused. */
const MAX_CONNECTIONS = 200;
/** How long requests in process have when the server closes. */
const GRACE_MS = 800;

/**
 * Limits within which a client must send its request, in ms; a client that does not is answered 408
 * and dropped.
 */
const limits = {
  maxHeaderSize: 8_192,
  headersTimeout: 3_000,
  requestTimeout: 5_000,
  connectionsCheckingInterval: 1_000,
  /** The next request of a scraper comes within its interval, and needs no new connection. */
  keepAliveTimeout: 65_000,
} as const;
/** How long a client may leave an answer unread. */
const IDLE_MS = 30_000;

export interface HttpServerOptions {
  readonly port: number;
  readonly host: string;
  readonly allowedHosts: readonly string[];
  readonly answer: (request: IncomingMessage) => Promise<Response>;
  /**
   * A connection could not be accepted, for example because the process has too many files open.
   */
  readonly onError: (error: Error) => void;
}

/** HTTP with limits, so that no client can hold more than a connection for a few seconds. */
export class HttpServer {
  readonly #server: Server;
  readonly #answer: HttpServerOptions['answer'];
  readonly #guard: HostGuard;

  private constructor(server: Server, { answer, allowedHosts }: HttpServerOptions) {
    this.#server = server;
    this.#answer = answer;
    this.#guard = new HostGuard(this.address.address, allowedHosts);
    server.on('request', (request, response) => {
      this.#respond(request, response).catch((error: unknown) => {
        response.destroy(error instanceof Error ? error : undefined);
      });
    });
  }

  /** @throws Error with the code of what failed, such as EADDRINUSE */
  static async listen(options: HttpServerOptions): Promise<HttpServer> {
    const server = createServer(limits);
    server.maxConnections = MAX_CONNECTIONS;
    server.setTimeout(IDLE_MS);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ port: options.port, host: options.host }, () => {
        server.off('error', reject);
        server.on('error', options.onError);
        resolve();
      });
    });
    return new HttpServer(server, options);
  }

  get address(): AddressInfo {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('The server has no port');
    return address;
  }

  /**
   * Closes idle connections immediately, the others when they are answered, at the latest after
   * {@link GRACE_MS}.
   */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
    this.#server.closeIdleConnections();
    const timer = setTimeout(() => {
      this.#server.closeAllConnections();
    }, GRACE_MS);
    await closed;
    clearTimeout(timer);
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // Bodies are ignored; a long one ends with its connection.
    request.resume();
    let answer: Response;
    try {
      answer = this.#guard.allows(request.headers.host) ? await this.#answer(request) : text(403, wrongHost);
    } catch (error) {
      answer = text(500, `The request failed: ${messageOf(error)}`);
    }
    if (answer.status >= 400 && request.method !== 'GET' && request.method !== 'HEAD')
      response.setHeader('Connection', 'close');
    await send(request, response, answer);
  }
}

const wrongHost =
  'The Host header names another host than localhost: use localhost or the address. For a proxy, list its name in the option allowedHosts of MonitorServer';
