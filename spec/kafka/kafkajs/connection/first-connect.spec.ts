import { readFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import { Kafka, logLevel } from 'kafkajs';
import { findProgram } from '../../../../scripts/services/programs.ts';
import { makeCertificate } from '../../../../scripts/services/kafka-security.ts';
import { openClient, type ClientInit, type KafkaOptions } from '../../../../source/kafka/open-client.ts';
import { afterTurning } from '../../../../source/kernel/after-turning.ts';
import { sleep, systemClock } from '../../../../source/kernel/clock.ts';
import { ConfigError, ConnectionError } from '../../../../source/kernel/errors.ts';
import { silentLogger } from '../../../../source/kernel/logger.ts';
import { startEmbedded } from '../../../_helpers/servers/clusters.ts';
import { testWith } from '../../../_helpers/servers/services.ts';
import { sharedRedis } from '../../../_helpers/servers/store-servers.ts';
import { temporaryFolder } from '../../../_helpers/temporary-folder.ts';
import { newClient, type LogLine } from '../test-client.ts';

const redis = sharedRedis();

/** Listens on a free port until the spec ends. */
async function listening(t: ExecutionContext, server: Server, host = '127.0.0.1'): Promise<number> {
  const sockets = new Set<{ destroy(): void }>();
  server.on('connection', (socket) => {
    socket.on('error', () => undefined);
    sockets.add(socket);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, host, resolve);
  });
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** A port at which nothing listens. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A second, waited for as the client does: on a busy machine both are late together. */
async function aSecond(): Promise<void> {
  await new Promise<void>((resolve) => {
    afterTurning(systemClock, 600, resolve);
  });
  await sleep(systemClock, 400);
}

/** Of a client that finds no broker: what its one warning within a second says of the brokers. */
async function warnedWithinASecond(t: ExecutionContext, brokers: string[] | ClientInit): Promise<string> {
  const lines: LogLine[] = [];
  const client = newClient(t, brokers, { lines, firstConnectTimeoutMs: 10_000 });
  const ended = t.throwsAsync(client.connect());
  await aSecond();
  const [warning, ...others] = warnings(lines);
  t.deepEqual(others, []);
  t.regex(warning?.message ?? '', /^No broker could be reached yet; gives up in [89] s$/);
  await client.close();
  await ended;
  return String(warning?.fields['brokers']);
}

const warnings = (lines: readonly LogLine[]) => lines.filter(({ level }) => level === 'warn');

test('within a second one warning says what is at each address, and how much time is left', async (t) => {
  const silent = await listening(t, createServer());
  const refused = await freePort();
  const lines: LogLine[] = [];
  const brokers = [`127.0.0.1:${refused}`, `127.0.0.1:${silent}`, 'nowhere.invalid:9092'];
  const client = newClient(t, brokers, { lines, firstConnectTimeoutMs: 2_500 });
  const began = performance.now();
  const failed = t.throwsAsync(client.connect(), { instanceOf: ConnectionError });
  await aSecond();
  const [warning] = warnings(lines);
  t.is(warning?.message, 'No broker could be reached yet; gives up in 2 s');
  const text = String(warning?.fields['brokers']);
  t.regex(text, new RegExp(`127\\.0\\.0\\.1:${refused}: nothing listens there: .* \\(ECONNREFUSED\\)`));
  t.regex(text, new RegExp(`127\\.0\\.0\\.1:${silent}: it accepts connections and has not answered yet`));
  t.regex(text, /nowhere\.invalid:9092: .*(ENOTFOUND|EAI_AGAIN)/);
  const error = await failed;
  const tookMs = performance.now() - began;
  t.true(tookMs >= 2_400 && tookMs < 3_500, `${tookMs} ms: the limit holds for a handshake that hangs, too`);
  t.regex(error.message, /firstConnectTimeoutMs \(2500 ms\).*ECONNREFUSED/);
  t.is(warnings(lines).length, 1, JSON.stringify(warnings(lines)));
});

test('an address that accepts connections and says nothing is named within a second, too, and blamed for nothing', async (t) => {
  const silent = await listening(t, createServer());
  t.is(
    await warnedWithinASecond(t, [`127.0.0.1:${silent}`]),
    `127.0.0.1:${silent}: it accepts connections and has not answered yet`,
  );
});

test('so is a broker that is slow to answer, and closes what is no question of Kafka', async (t) => {
  const slow = createServer((socket) => {
    socket.once('data', (question) => {
      if (question.toString('latin1').startsWith('GET ')) socket.destroy();
    });
  });
  const port = await listening(t, slow);
  t.is(
    await warnedWithinASecond(t, [`127.0.0.1:${port}`]),
    `127.0.0.1:${port}: it accepts connections and has not answered yet`,
  );
});

test('of sockets of the user, and of a Kafka of the user, the address is named within a second, too', async (t) => {
  const port = await listening(t, createServer());
  const brokers = [`127.0.0.1:${port}`];
  const socketFactory: KafkaOptions['socketFactory'] = ({ onConnect }) =>
    connect({ host: '127.0.0.1', port }, onConnect);
  const clients = [{ brokers, socketFactory }, new Kafka({ brokers, logLevel: logLevel.NOTHING })];
  for (const said of await Promise.all(clients.map((client) => warnedWithinASecond(t, client))))
    t.is(said, `127.0.0.1:${port}: it has not answered yet`);
});

test('a function that gives no address, or fails, is told within a second', async (t) => {
  const silent = () => new Promise<string[]>(() => undefined);
  const failing = () => Promise.reject(new Error('the registry is away'));
  t.deepEqual(await Promise.all([silent, failing].map((brokers) => warnedWithinASecond(t, { brokers }))), [
    'no address is known yet',
    'brokers, which is a function, failed: the registry is away',
  ]);
});

/** Has a broker listen at another port as well. */
async function listenAt(t: ExecutionContext, port: number, brokers: readonly string[]): Promise<void> {
  const [, kafkaPort] = (brokers[0] ?? '').split(':');
  const proxy = createServer((socket) => {
    const upstream = connect(Number(kafkaPort), '127.0.0.1');
    upstream.on('error', () => undefined);
    socket.on('error', () => undefined);
    socket.pipe(upstream).pipe(socket);
  });
  await new Promise<void>((resolve) => {
    proxy.listen(port, '127.0.0.1', resolve);
  });
  t.teardown(() => proxy.close());
}

test('a broker that comes later is reached, and this is said', async (t) => {
  const cluster = await startEmbedded(t, { brokers: 1 });
  const port = await freePort();
  const lines: LogLine[] = [];
  const client = newClient(t, [`127.0.0.1:${port}`], { lines, firstConnectTimeoutMs: 20_000 });
  const connecting = client.connect();
  while (warnings(lines).length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  await listenAt(t, port, cluster.brokers);
  await connecting;
  t.true(lines.some(({ level, message }) => level === 'info' && message === 'Kafka is reached'));
});

test('behind more foreign servers than are named a broker that comes later is reached, too', async (t) => {
  const cluster = await startEmbedded(t, { brokers: 1 });
  const refusing = () => createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  const foreign = await Promise.all(Array.from({ length: 10 }, () => listening(t, refusing())));
  const port = await freePort();
  const lines: LogLine[] = [];
  const brokers = [...foreign, port].map((each) => `127.0.0.1:${each}`);
  const client = newClient(t, brokers, { lines, firstConnectTimeoutMs: 20_000 });
  const connecting = client.connect();
  let isOver = false;
  connecting.then(
    () => (isOver = true),
    () => (isOver = true),
  );
  const said = () =>
    warnings(lines).find(({ message }) => message.startsWith('No broker could be reached yet'));
  while (said() === undefined && !isOver) await new Promise((resolve) => setTimeout(resolve, 10));
  await listenAt(t, port, cluster.brokers);
  await t.notThrowsAsync(connecting);
  t.regex(String(said()?.fields['brokers']), /an HTTP server answers.*; 1 more$/);
});

test('an IPv6 address in brackets is an address', async (t) => {
  const cluster = await startEmbedded(t, { brokers: 1, topics: { orders: 2 } });
  const [, kafkaPort] = (cluster.brokers[0] ?? '').split(':');
  const proxy = createServer((socket) => {
    const upstream = connect(Number(kafkaPort), '127.0.0.1');
    upstream.on('error', () => undefined);
    socket.pipe(upstream).pipe(socket);
  });
  const port = await listening(t, proxy, '::1');
  const client = newClient(t, [`[::1]:${port}`]);
  await client.connect();
  t.is((await client.describeTopics(['orders'])).get('orders')?.partitionCount, 2);
  const failing = newClient(t, ['[::1]:1'], { firstConnectTimeoutMs: 200 });
  await t.throwsAsync(failing.connect(), { message: /Broker \[::1\]:1 / });
});

redis.test('a Redis is recognised, and not waited for', async (t, { port }) => {
  const client = newClient(t, [`127.0.0.1:${port}`], { firstConnectTimeoutMs: 30_000 });
  const began = performance.now();
  const error = await t.throwsAsync(client.connect(), { instanceOf: ConnectionError });
  t.true(performance.now() - began < 1_500);
  t.is(
    error.message,
    `No Kafka was found: 127.0.0.1:${port}: a Redis server answers; check that the address is that of a Kafka listener`,
  );
  t.false(error.retriable);
});

redis.test('beside a Redis the other addresses are tried', async (t, { port }) => {
  const cluster = await startEmbedded(t, { brokers: 1 });
  const client = newClient(t, [`127.0.0.1:${port}`, ...cluster.brokers], { firstConnectTimeoutMs: 30_000 });
  const began = performance.now();
  await t.notThrowsAsync(client.connect());
  t.true(performance.now() - began < 2_500, 'a Redis that says nothing holds nobody up');
});

test('an HTTP server that waits for the end of a request is recognised', async (t) => {
  // It answers only what ends with an empty line; Kafka's first request does not.
  const server = createServer((socket) => {
    let text = '';
    socket.on('data', (data) => {
      text += data.toString('latin1');
      if (text.endsWith('\r\n\r\n')) socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
    });
  });
  const port = await listening(t, server);
  const client = newClient(t, [`127.0.0.1:${port}`], { firstConnectTimeoutMs: 30_000 });
  const error = await t.throwsAsync(client.connect(), { instanceOf: ConnectionError });
  t.regex(error.message, /an HTTP server answers/);
});

test('an HTTP server that answers immediately is recognised, and the next address is tried', async (t) => {
  const port = await listening(t, createHttpServer());
  const cluster = await startEmbedded(t, { brokers: 1 });
  const alone = newClient(t, [`127.0.0.1:${port}`]);
  t.regex((await t.throwsAsync(alone.connect())).message, /an HTTP server answers/);
  await t.notThrowsAsync(newClient(t, [`127.0.0.1:${port}`, ...cluster.brokers]).connect());
});

testWith(['openssl'], 'a listener that speaks TLS is recognised', async (t) => {
  const openssl = findProgram('openssl') ?? '';
  const made = await makeCertificate(openssl, await temporaryFolder(t, {}));
  const pem = await readFile(made.keystoreFile);
  const server = createTlsServer({ cert: pem, key: pem });
  server.on('tlsClientError', () => undefined);
  const port = await listening(t, server);
  const client = newClient(t, [`127.0.0.1:${port}`], { firstConnectTimeoutMs: 30_000 });
  const error = await t.throwsAsync(client.connect(), { instanceOf: ConnectionError });
  t.regex(error.message, /it speaks TLS: give the ssl option/);
});

for (const [name, remedy] of [
  ['broker', /unknown option 'broker'; did you mean 'brokers'\?/],
  ['retry', /retry of kafkajs has no effect here: set retryTimeoutMs/],
  ['logLevel', /logLevel of kafkajs has no effect here/],
  ['useTls', /unknown option 'useTls'/],
] as const) {
  test(`client: ${name} is refused`, (t) => {
    const options: KafkaOptions = { brokers: ['localhost:9092'], [name]: 1 };
    const error = t.throws(() => openClient(options, { logger: silentLogger }), { instanceOf: ConfigError });
    t.regex(error.message, remedy);
  });
}
