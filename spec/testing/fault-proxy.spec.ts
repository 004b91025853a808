import test, { type ExecutionContext } from 'ava';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { FaultProxy } from '../../source/testing/index.ts';
import { until } from '../_helpers/until.ts';

/** A server that answers with what it gets, behind a proxy, and a client of that. */
async function echo(t: ExecutionContext) {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
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
  return { proxy, client: () => clientOf(t, proxy.port), direct: () => clientOf(t, port) };
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
  proxy.delay(100);
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
