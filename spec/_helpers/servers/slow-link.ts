import { connect, createServer, type Server, type Socket } from 'node:net';
import type { ExecutionContext } from 'ava';
import type { KafkaOptions } from '../../../source/kafka/open-client.ts';

/** How often bytes are moved on. */
const TICK_MS = 20;
/** What one connection moves before it is the next one's turn. */
const PACKET_BYTES = 1_448;
/** What the link itself holds of a connection: little, so that it pushes back as a network does. */
const QUEUE_BYTES = 16 * 1024;

/**
 * A link of a given bandwidth between a client and the brokers of a cluster: real bytes over TCP. All
 * connections share the bandwidth of each direction, packet by packet.
 *
 * Brokers tell their own addresses, so a client is led through the link by its `socketFactory`.
 */
export class SlowLink {
  /** Bytes that came from the brokers, and bytes that went to them. */
  readonly moved = { down: 0, up: 0 };
  readonly #bytesPerSecond: number;
  readonly #ports = new Map<number, number>();
  readonly #servers: Server[] = [];
  readonly #flows: Record<'down' | 'up', Flow[]> = { down: [], up: [] };
  readonly #budget = { down: 0, up: 0 };
  #timer: NodeJS.Timeout | undefined;

  private constructor(bytesPerSecond: number) {
    this.#bytesPerSecond = bytesPerSecond;
  }

  /** A link to these brokers, closed when the spec ends. */
  static async start(
    t: ExecutionContext,
    brokers: readonly string[],
    { bytesPerSecond }: { readonly bytesPerSecond: number },
  ): Promise<SlowLink> {
    const link = new SlowLink(bytesPerSecond);
    for (const broker of brokers) await link.#listen(broker);
    let before = performance.now();
    link.#timer = setInterval(() => {
      const now = performance.now();
      // While the event loop of the spec did not turn, nothing has gathered.
      const ms = Math.min(now - before, 5 * TICK_MS);
      before = now;
      link.#move('down', ms);
      link.#move('up', ms);
    }, TICK_MS);
    t.teardown(() => link.#close());
    return link;
  }

  /** Makes the sockets of a client that is on this side of the link. */
  get socketFactory(): NonNullable<KafkaOptions['socketFactory']> {
    return ({ port, onConnect }) => {
      const own = this.#ports.get(port);
      if (own === undefined) throw new Error(`No broker of the link has port ${port}`);
      return connect({ host: '127.0.0.1', port: own }, onConnect);
    };
  }

  async #listen(broker: string): Promise<void> {
    const [host = '', port = ''] = broker.split(':');
    const options = { allowHalfOpen: true, highWaterMark: QUEUE_BYTES };
    const server = createServer(options, (client) => {
      this.#accept(client, connect({ host, port: Number(port), ...options }));
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('a port was asked for');
    this.#ports.set(Number(port), address.port);
    this.#servers.push(server);
  }

  #accept(client: Socket, server: Socket): void {
    const flows = { down: { from: server, to: client }, up: { from: client, to: server } };
    this.#flows.down.push(flows.down);
    this.#flows.up.push(flows.up);
    for (const { from, to } of [flows.down, flows.up]) {
      // Held back by whoever is asked to read, not by this.
      from.on('readable', () => undefined);
      from.on('end', () => to.end());
      // What breaks on one side breaks on the other; each side sees for itself why.
      from.on('error', () => to.destroy());
      from.on('close', () => {
        to.destroy();
        this.#flows.down = this.#flows.down.filter((flow) => flow !== flows.down);
        this.#flows.up = this.#flows.up.filter((flow) => flow !== flows.up);
      });
    }
  }

  #move(direction: 'down' | 'up', ms: number): void {
    const budget = this.#budget;
    budget[direction] += (this.#bytesPerSecond * ms) / 1_000;
    let idle = 0;
    while (budget[direction] > 0 && idle < this.#flows[direction].length) {
      const flow = this.#flows[direction].shift();
      if (flow === undefined) break;
      this.#flows[direction].push(flow);
      const bytes = Math.min(flow.from.readableLength, PACKET_BYTES);
      const packet: unknown = bytes > 0 && flow.to.writable ? flow.from.read(bytes) : null;
      if (!Buffer.isBuffer(packet)) {
        idle++;
        continue;
      }
      idle = 0;
      flow.to.write(packet);
      budget[direction] -= packet.length;
      this.moved[direction] += packet.length;
    }
    // What is not used is gone.
    budget[direction] = Math.min(0, budget[direction]);
  }

  async #close(): Promise<void> {
    clearInterval(this.#timer);
    for (const { from, to } of [...this.#flows.down, ...this.#flows.up]) {
      from.destroy();
      to.destroy();
    }
    await Promise.all(
      this.#servers.map(
        (server) =>
          new Promise((resolve) => {
            server.close(resolve);
          }),
      ),
    );
  }
}

interface Flow {
  readonly from: Socket;
  readonly to: Socket;
}
