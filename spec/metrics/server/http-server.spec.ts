import { connect, type Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import type { MonitorServer } from '../../../metrics/index.ts';
import { httpGet } from '../../_helpers/http-get.ts';
import { fakeMonitored, fakeProvider, monitorServer } from '../../_helpers/jobs/monitored.ts';

/** A connection of its own, for what node:http would not send. */
function socketTo(t: ExecutionContext, server: MonitorServer): Socket {
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  t.teardown(() => socket.destroy());
  // How it ends is seen by what was read.
  socket.on('error', () => undefined);
  return socket;
}

/** Sends, and reads until the server ends the connection. */
function exchange(t: ExecutionContext, server: MonitorServer, request: string): Promise<string> {
  const socket = socketTo(t, server);
  socket.write(request, 'latin1');
  return readAll(socket);
}

function readAll(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    socket.setEncoding('latin1').on('data', (part: string) => {
      text += part;
    });
    socket.once('close', () => {
      resolve(text);
    });
  });
}

test('requests that are malformed or too long are answered, their connection ends, and the next one is served', async (t) => {
  const server = monitorServer(t);
  await server.watch(fakeMonitored('orders', fakeProvider()));
  for (const [request, status] of [
    ['no http at all\r\n\r\n', 400],
    ['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400],
    ['GET /healthz HTTP/9.9\r\n\r\n', 400],
    ['GET /healthz HTTP/1.1\r\n\r\n', 400],
    ['GET /healthz HTTP/1.1\r\nHost: localhost\r\nbad header\r\n\r\n', 400],
    [`GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n`, 400],
    [`GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`, 431],
    [`GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`, 431],
    ['POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc', 405],
    ['GET /healthz HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n', 403],
    ['GET /healthz HTTP/1.0\r\n\r\n', 200],
    ['GET http://localhost/healthz?x=1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', 200],
  ] as const) {
    const answer = await exchange(t, server, request);
    t.regex(answer, new RegExp(`^HTTP/1.1 ${status} `), request.slice(0, 60));
  }
  t.is((await httpGet(`${server.url}/healthz`)).status, 200);
});

test('a request for a tunnel, and an upgrade, are not followed', async (t) => {
  const server = monitorServer(t);
  await server.listen();
  t.notRegex(
    await exchange(t, server, 'CONNECT localhost:22 HTTP/1.1\r\nHost: localhost\r\n\r\n'),
    /^HTTP\/1.1 2/,
  );
  const upgrade = await exchange(
    t,
    server,
    'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n',
  );
  t.regex(upgrade, /^HTTP\/1.1 (200|4\d\d) /);
});

test('several requests on one connection are answered in order', async (t) => {
  const server = monitorServer(t);
  await server.listen();
  const answers = await exchange(
    t,
    server,
    'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\nGET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
  );
  t.deepEqual(
    [...answers.matchAll(/^HTTP\/1.1 (\d+)/gm)].map(([, status]) => status),
    ['200', '404', '503'],
  );
});

test('a client that does not finish its request is dropped within seconds, and keeps nobody else waiting', async (t) => {
  const server = monitorServer(t);
  await server.listen();
  const slow = socketTo(t, server);
  slow.write('GET /healthz HTTP/1.1\r\nHost: loc');
  const answer = readAll(slow);
  t.is((await httpGet(`${server.url}/healthz`)).status, 200);
  const began = performance.now();
  t.regex(await answer, /^HTTP\/1.1 408 /);
  t.true(performance.now() - began < 8_000);
});

test('more connections than the server takes are refused, and room is made when others end', async (t) => {
  const server = monitorServer(t);
  await server.listen();
  const sockets = Array.from({ length: 230 }, () => socketTo(t, server));
  const refused = await Promise.all(
    sockets.map(
      (socket) =>
        new Promise<boolean>((resolve) => {
          socket.once('close', () => {
            resolve(true);
          });
          socket.once('data', () => {
            resolve(false);
          });
          socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
        }),
    ),
  );
  t.is(refused.filter(Boolean).length, 30);
  for (const socket of sockets) socket.destroy();
  const { status } = await retried(() => httpGet(`${server.url}/healthz`));
  t.is(status, 200);
});

/** The server learns a moment later that connections have ended. */
async function retried<T>(attempt: () => Promise<T>): Promise<T> {
  for (let left = 50; ; left--) {
    try {
      return await attempt();
    } catch (error) {
      if (left === 0) throw error;
    }
  }
}
