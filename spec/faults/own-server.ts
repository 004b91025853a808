import type { StartedServer } from '../../scripts/services/started-server.ts';

/** Where a server is started again. */
export type SamePlace = Pick<StartedServer, 'port' | 'folder'>;

export interface OwnServerOptions<Server extends StartedServer> {
  /** Starts it: anywhere, or where it was, with what it had. */
  readonly start: (at?: SamePlace) => Promise<Server>;
  /** Ends it as a crash does. Resolves when its port is free. */
  readonly kill: (server: Server) => Promise<void>;
}

/** A server of the campaign that may be killed, and is started again on the same port. */
export interface KillableServer {
  readonly port: number;
  /** As a crash does. */
  kill(): Promise<void>;
  /** After {@link kill}. Resolves when it serves. */
  startAgain(): Promise<void>;
  stop(): Promise<void>;
}

/** A {@link KillableServer} of one process. */
export class OwnServer<Server extends StartedServer> implements KillableServer {
  readonly #options: OwnServerOptions<Server>;
  #server: Server;

  private constructor(options: OwnServerOptions<Server>, server: Server) {
    this.#options = options;
    this.#server = server;
  }

  static async start<Server extends StartedServer>(
    options: OwnServerOptions<Server>,
  ): Promise<OwnServer<Server>> {
    return new OwnServer(options, await options.start());
  }

  get port(): number {
    return this.#server.port;
  }

  async kill(): Promise<void> {
    await this.#options.kill(this.#server);
  }

  async startAgain(): Promise<void> {
    const { port, folder } = this.#server;
    this.#server = await this.#options.start({ port, folder });
  }

  async stop(): Promise<void> {
    await this.#server.stop();
  }
}
