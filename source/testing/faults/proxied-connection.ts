import { connect, type Socket } from 'node:net';
import type { Conditions } from './conditions.ts';
import { Flow } from './flow.ts';
import { KafkaTraffic } from './kafka-traffic.ts';

/**
 * Of every socket of a proxy. It holds little itself, so that it pushes back as a network does; and
 * the end of one way does not end the other.
 */
export const socketOptions = { allowHalfOpen: true, highWaterMark: 16 * 1024 } as const;

/** A connection of a client, and the one to the server behind it. */
export class ProxiedConnection {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #conditions: Conditions;
  readonly #flows: readonly Flow[];
  #life: NodeJS.Timeout | undefined;

  /** @param onClosed called when nothing is left of it */
  constructor(
    client: Socket,
    target: { readonly host: string; readonly port: number },
    { conditions, onClosed }: { readonly conditions: Conditions; readonly onClosed: () => void },
  ) {
    const server = connect({ ...target, ...socketOptions });
    this.#client = client;
    this.#server = server;
    this.#conditions = conditions;
    const shared = {
      conditions,
      traffic: new KafkaTraffic(conditions.rules),
      reset: () => {
        this.reset();
      },
    };
    this.#flows = [
      new Flow({ ...shared, way: 'to-server', from: client, to: server }),
      new Flow({ ...shared, way: 'to-client', from: server, to: client }),
    ];
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      // A broken connection is broken on both sides; why, each side sees for itself.
      socket.on('error', () => undefined);
      socket.on('close', () => {
        if (!client.closed || !server.closed) return;
        clearTimeout(this.#life);
        for (const flow of this.#flows) flow.close();
        onClosed();
      });
    }
    this.limitLife();
  }

  /** Whether both sides have it. */
  get isOpen(): boolean {
    return !this.#client.destroyed && !this.#server.destroyed;
  }

  /** Goes by what the conditions are now. */
  adapt(): void {
    for (const flow of this.#flows) flow.adapt();
  }

  /** What is on its way arrives now. */
  hurry(): void {
    for (const flow of this.#flows) flow.hurry();
  }

  /** From now on, as long as the conditions let connections live. */
  limitLife(): void {
    clearTimeout(this.#life);
    const { life } = this.#conditions;
    if (life === undefined) return;
    const { fromMs, toMs, random = Math.random } = life;
    this.#life = setTimeout(
      () => {
        this.reset();
      },
      fromMs + random() * (toMs - fromMs),
    );
  }

  /** Resets it on both sides (RST to the client). */
  reset(): void {
    if (!this.#client.destroyed) this.#client.resetAndDestroy();
    this.#server.destroy();
  }
}
