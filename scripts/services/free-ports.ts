import { randomInt } from 'node:crypto';
import { createServer, type Server } from 'node:net';

/**
 * Below the range from which systems take the ports of outgoing connections (32768 on Linux, 49152
 * elsewhere): a port of that range can be taken by any connection between the look and its use.
 */
const LOWEST = 12_000;
const HIGHEST = 31_000;
const MOST_TRIES = 1000;

/**
 * Ports of 127.0.0.1 that nobody listens on now, all different. Another process may take one before
 * it is used.
 */
export async function freePorts(count: number): Promise<number[]> {
  const held = new Map<number, Server>();
  for (let tries = 0; held.size < count && tries < MOST_TRIES; tries++) {
    const port = randomInt(LOWEST, HIGHEST);
    const server = held.has(port) ? undefined : await listen(port);
    if (server !== undefined) held.set(port, server);
  }
  await Promise.all([...held.values()].map(close));
  if (held.size < count)
    throw new Error(`Only ${held.size} free ports of ${count} found between ${LOWEST} and ${HIGHEST}`);
  return [...held.keys()];
}

/** Undefined where somebody listens already. */
function listen(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(undefined);
    });
    server.listen(port, '127.0.0.1', () => {
      resolve(server);
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
  });
}
