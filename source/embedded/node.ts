import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { addressText } from '../kernel/address.ts';
import { apis } from './api/apis.ts';
import { clusterError } from './cluster-error.ts';
import type { ClusterState, NodeAddress } from './cluster-state.ts';
import { Connection } from './connection.ts';
import { FetchSessions } from './fetch-sessions.ts';

/** A broker's `max.connections`, which is unlimited by default: each connection takes memory of its own. */
const MAX_CONNECTIONS = 2_000;

/** One broker of the embedded cluster: a listener and its connections. */
export class EmbeddedNode implements NodeAddress {
  readonly nodeId: number;
  /** What clients are given to connect to. */
  readonly host: string;
  readonly #listenHost: string;
  readonly #connections = new Set<Connection>();
  #port: number;
  #server: Server | undefined;

  /** @param place `port`: 0 takes a free one at the first start and keeps it */
  constructor(nodeId: number, place: { listenHost: string; advertisedHost: string; port: number }) {
    this.nodeId = nodeId;
    this.host = place.advertisedHost;
    this.#listenHost = place.listenHost;
    this.#port = place.port;
  }

  get port(): number {
    return this.#port;
  }

  get live(): boolean {
    return this.#server !== undefined;
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** @throws ConfigError if the address cannot be listened on */
  async start(cluster: ClusterState): Promise<void> {
    if (this.#server !== undefined) return;
    const fetchSessions = new FetchSessions(cluster.clock);
    const server = createServer((socket) => {
      const connection = new Connection(socket, { cluster, nodeId: this.nodeId, apis, fetchSessions });
      this.#connections.add(connection);
      socket.on('close', () => this.#connections.delete(connection));
    });
    server.maxConnections = MAX_CONNECTIONS;
    server.on('drop', () => {
      cluster.logger.warn('A connection is refused: the node has as many as it may have', {
        node: this.nodeId,
        connections: MAX_CONNECTIONS,
      });
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause) => {
        const address = addressText({ host: this.#listenHost, port: this.#port });
        const remedy = 'choose another port, or 0 for a free one';
        reject(clusterError([`cannot listen on ${address} (${cause.message}): ${remedy}`], cause));
      });
      server.listen({ host: this.#listenHost, port: this.#port, exclusive: true }, resolve);
    });
    server.on('error', (error) => {
      cluster.logger.error('The listener of an embedded broker failed', {
        node: this.nodeId,
        error: error.message,
      });
    });
    this.#server = server;
    this.#port = addressOf(server).port;
  }

  /** Closes the listener and cuts all connections. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    for (const connection of this.#connections) connection.destroy();
    await new Promise<void>((resolve, reject) => {
      server.close((error) => {
        if (error === undefined) resolve();
        else reject(error);
      });
    });
  }
}

function addressOf(server: Server): AddressInfo {
  const address = server.address();
  if (address === null || typeof address === 'string') {
    throw new TypeError(`A TCP listener without a port: ${address ?? 'closed'}`);
  }
  return address;
}
