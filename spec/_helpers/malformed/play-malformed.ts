import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { Random } from '../schedules/random.ts';
import { frameOf, malformedFrame } from './malformed-frames.ts';
import type { BrokerReport } from './watched-broker.ts';

/** A malformed one ends its connection: what comes after it is not read. */
const FRAMES_AT_ONCE = 3;
const CONNECTIONS = 16;
const QUIET_MS = 30;

/** An embedded cluster in a process of its own, with a client that asks for little all the time. */
export interface WatchedBroker {
  readonly address: string;
  report(): Promise<BrokerReport>;
}

export async function watchedBroker(t: ExecutionContext): Promise<WatchedBroker> {
  const child = fork(new URL('watched-broker.js', import.meta.url), { execArgv: ['--expose-gc'] });
  t.teardown(() => child.kill('SIGKILL'));
  const [address] = (await once(child, 'message')) as [string];
  return {
    address,
    async report() {
      child.send('report');
      const [report] = (await once(child, 'message')) as [BrokerReport];
      return report;
    },
  };
}

/** Sends this many malformed requests. */
export async function sendMalformed(address: string, frames: number, seed: number): Promise<void> {
  const random = new Random(seed);
  for (let sent = 0; sent < frames; sent += FRAMES_AT_ONCE * CONNECTIONS) {
    const connections = Array.from({ length: CONNECTIONS }, () =>
      Array.from({ length: FRAMES_AT_ONCE }, () => malformedFrame(random)),
    );
    await Promise.all(connections.map((each) => sendBytes(address, Buffer.concat(each))));
  }
}

/**
 * Sends bytes on a connection of their own, until the broker has closed it or answers nothing more.
 *
 * @param options `reads`: whether answers are read. Default true.
 * @returns how many bytes were answered
 */
export async function sendBytes(
  address: string,
  bytes: Buffer,
  { quietMs = QUIET_MS, reads = true }: { readonly quietMs?: number; readonly reads?: boolean } = {},
): Promise<number> {
  const [host = '', port = ''] = address.split(':');
  const socket = connect(Number(port), host);
  let isClosed = false;
  let received = 0;
  if (reads) socket.on('data', (chunk) => (received += chunk.length));
  else socket.pause();
  // The broker may cut it while it is written to.
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => {
    socket.on('close', () => {
      isClosed = true;
      resolve();
    });
  });
  socket.write(bytes);
  for (let before = -1; !isClosed && before !== received;) {
    before = received;
    await Promise.race([closed, sleep(quietMs)]);
  }
  socket.destroy();
  return received;
}

/** Whether the broker still answers; waits for as long as the spec may. */
export async function isServed(address: string): Promise<boolean> {
  const [host = '', port = ''] = address.split(':');
  const socket = connect(Number(port), host);
  socket.write(frameOf({ key: 18, version: 0 }));
  const [answer] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return answer.length > 0;
}
