import test, { type ExecutionContext } from 'ava';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { FaultProxy } from '../../../source/testing/index.ts';
import { until } from '../../_helpers/until.ts';

/** A server that answers with what it gets, behind a proxy, and a client of that. */
async function echo(t: ExecutionContext) {
  const received = { text: '' };
  const ends = { count: 0 };
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => (received.text += bytes.toString()));
    socket.on('close', () => ends.count++);
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const proxy = await FaultProxy.start({ target: { port } });
  t.teardown(async () => {
    await proxy.close();
    server.close();
  });
  return {
    proxy,
    /** What the server has got of all, and how many connections have ended there. */
    received,
    ends,
    client: () => clientOf(t, proxy.port),
    direct: () => clientOf(t, port),
  };
}

function clientOf(t: ExecutionContext, port: number) {
  const socket: Socket = connect({ host: '127.0.0.1', port });
  const seen = { text: '', closed: false, error: '' };
  socket.on('data', (bytes) => (seen.text += bytes.toString()));
  socket.on('close', () => (seen.closed = true));
  socket.on('error', (error: Error & { code?: string }) => (seen.error = error.code ?? error.message));
  t.teardown(() => socket.destroy());
  return { socket, seen };
}

const soon = { deadlineMs: 20_000 };

test('everything passes, and the end of a connection, too', async (t) => {
  const { proxy, client } = await echo(t);
  const { socket, seen } = client();
  socket.end('hello');
  await until(() => seen.closed, { ...soon, what: 'the end' });
  t.deepEqual(seen, { text: 'hello', closed: true, error: '' });
  t.is(proxy.connections, 0);
});

test('a black hole swallows open and new connections until it passes again', async (t) => {
  const { proxy, client, direct } = await echo(t);
  const open = client();
  open.socket.write('a');
  await until(() => open.seen.text === 'a', { ...soon, what: 'an answer' });
  proxy.blackHole();
  open.socket.write('b');
  const later = client();
  later.socket.write('c');
  await until(() => proxy.connections === 2, { ...soon, what: 'the second connection' });
  // A server that answers others by now would have answered these.
  const beside = direct();
  beside.socket.write('d');
  await until(() => beside.seen.text === 'd', { ...soon, what: 'an answer without the proxy' });
  t.is(open.seen.text + later.seen.text, 'a');
  proxy.pass();
  await until(() => open.seen.text === 'ab' && later.seen.text === 'c', {
    ...soon,
    what: 'what was held back',
  });
  t.false(open.seen.closed);
});

test('answers are held back, in their order', async (t) => {
  const { proxy, client } = await echo(t);
  const { socket, seen } = client();
  proxy.link({ latencyMs: 100 }, 'to-client');
  const start = performance.now();
  socket.write('a');
  socket.write('b');
  await until(() => seen.text === 'ab', { ...soon, what: 'both answers' });
  t.true(performance.now() - start >= 95);
});

test('an answer breaks off after so many bytes, with a reset; the next connection passes', async (t) => {
  const { proxy, client } = await echo(t);
  const { socket, seen } = client();
  proxy.cutAfter(3);
  socket.write('abcdef');
  await until(() => seen.closed, { ...soon, what: 'the break' });
  t.true('abc'.startsWith(seen.text) && seen.text.length <= 3, seen.text);
  const next = client();
  next.socket.write('abcdef');
  await until(() => next.seen.text === 'abcdef', { ...soon, what: 'a whole answer' });
});

test('reset ends the open connections, refuse also the new ones', async (t) => {
  const { proxy, client } = await echo(t);
  const first = client();
  first.socket.write('a');
  await until(() => first.seen.text === 'a', { ...soon, what: 'an answer' });
  proxy.reset();
  await until(() => first.seen.closed, { ...soon, what: 'the reset' });
  t.is(first.seen.error, 'ECONNRESET');
  proxy.refuse();
  const second = client();
  await until(() => second.seen.closed, { ...soon, what: 'the refusal' });
  proxy.pass();
  const third = client();
  third.socket.write('a');
  await until(() => third.seen.text === 'a', { ...soon, what: 'an answer' });
});

test('a link has latency on each way, and bytes keep their order', async (t) => {
  const { proxy, client } = await echo(t);
  const draws = [0.9, 0, 0.5, 0];
  proxy.link({ latencyMs: 50, jitterMs: 40, random: () => draws.shift() ?? 0 });
  const { socket, seen } = client();
  const start = performance.now();
  socket.write('a');
  await until(() => proxy.connections === 1, { ...soon, what: 'the connection' });
  socket.write('b');
  socket.end('c');
  await until(() => seen.closed, { ...soon, what: 'the end' });
  t.true(performance.now() - start >= 135);
  t.deepEqual(seen, { text: 'abc', closed: true, error: '' });
});

test('connections share the bandwidth of a link, each way for itself', async (t) => {
  const { proxy, client } = await echo(t);
  proxy.link({ bytesPerSecond: 200_000 });
  const clients = [client(), client()];
  const start = performance.now();
  for (const { socket } of clients) socket.write('x'.repeat(50_000));
  await until(() => clients.every(({ seen }) => seen.text.length === 50_000), {
    ...soon,
    what: 'the echoes',
  });
  // 100 kB on each way, on both at the same time.
  const ms = performance.now() - start;
  t.true(ms >= 450, String(ms));
  // Without a limit again, what is left passes immediately.
  proxy.link({ bytesPerSecond: 10 });
  for (const { socket } of clients) socket.write('y'.repeat(1_000));
  proxy.link({});
  await until(() => clients.every(({ seen }) => seen.text.length === 51_000), { ...soon, what: 'the rest' });
});

test('latency and bandwidth work together, and outlive a change of the other direction', async (t) => {
  const { proxy, client } = await echo(t);
  proxy.link({ latencyMs: 200, bytesPerSecond: 100_000 }, 'to-server');
  proxy.link({}, 'to-client');
  const { socket, seen } = client();
  const start = performance.now();
  socket.write('x'.repeat(20_000));
  await until(() => seen.text.length === 20_000, { ...soon, what: 'the echo' });
  t.true(performance.now() - start >= 380);
});

test('a black hole on one way lets the other pass', async (t) => {
  const { proxy, client, direct, received } = await echo(t);
  const { socket, seen } = client();
  proxy.blackHole('to-client');
  socket.write('served');
  await until(() => received.text === 'served', { ...soon, what: 'the request at the server' });
  t.is(seen.text, '');
  proxy.pass();
  await until(() => seen.text === 'served', { ...soon, what: 'the answer' });
  proxy.blackHole('to-server');
  socket.write('lost');
  // A server that gets this by now would have got that, too.
  direct().socket.write('d');
  await until(() => received.text !== 'served', {
    ...soon,
    what: 'what came without the proxy',
  });
  t.is(received.text, 'servedd');
});

test('a black hole swallows the end of a connection, and its reset, too', async (t) => {
  const { proxy, client, ends } = await echo(t);
  const ending = client();
  const breaking = client();
  for (const { socket } of [ending, breaking]) socket.write('a');
  await until(() => ending.seen.text === 'a' && breaking.seen.text === 'a', { ...soon, what: 'answers' });
  proxy.blackHole();
  ending.socket.end();
  breaking.socket.resetAndDestroy();
  await until(() => proxy.connections === 1, { ...soon, what: 'the reset at the proxy' });
  t.is(ends.count, 0);
  proxy.pass();
  await until(() => ends.count === 2, { ...soon, what: 'both ends at the server' });
});

test('connections live for a time that is drawn for each, those that are open too', async (t) => {
  const { proxy, client } = await echo(t);
  const open = client();
  open.socket.write('a');
  await until(() => open.seen.text === 'a', { ...soon, what: 'an answer' });
  const draws = [0, 1];
  const start = performance.now();
  proxy.resetAfter({ fromMs: 50, toMs: 250, random: () => draws.shift() ?? 0 });
  await until(() => open.seen.closed, { ...soon, what: 'the reset' });
  t.is(open.seen.error, 'ECONNRESET');
  t.true(performance.now() - start >= 45);
  const next = client();
  const begin = performance.now();
  await until(() => next.seen.closed, { ...soon, what: 'the reset of the next one' });
  t.true(performance.now() - begin >= 245);
  t.is(proxy.accepted, 2);
  proxy.pass();
  const last = client();
  last.socket.write('b');
  await until(() => last.seen.text === 'b', { ...soon, what: 'an answer' });
});

test('what was set up works together: an answer breaks off on a slow link', async (t) => {
  const { proxy, client } = await echo(t);
  proxy.link({ latencyMs: 50 });
  proxy.cutAfter(3);
  const { socket, seen } = client();
  const start = performance.now();
  socket.write('abcdef');
  await until(() => seen.closed, { ...soon, what: 'the break' });
  t.true(performance.now() - start >= 95);
  t.true('abc'.startsWith(seen.text) && seen.text.length <= 3, seen.text);
});
