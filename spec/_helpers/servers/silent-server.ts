import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import type { ExecutionContext } from 'ava';

/** A server that accepts connections and says nothing. */
export interface SilentServer {
  readonly port: number;
  /** Resolves when somebody has connected and sent something. */
  readonly asked: Promise<void>;
}

/** Starts one on a free port of 127.0.0.1; ended after the spec. */
export async function silentServer(t: ExecutionContext): Promise<SilentServer> {
  const sockets = new Set<Socket>();
  let wasAsked: () => void;
  const asked = new Promise<void>((resolve) => {
    wasAsked = resolve;
  });
  const server = createServer((socket) => {
    sockets.add(socket);
    // The other side may reset it at any time.
    socket.on('error', () => undefined);
    socket.once('data', () => {
      wasAsked();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, asked };
}
