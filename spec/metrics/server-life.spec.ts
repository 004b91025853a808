import { once } from 'node:events';
import { cp, rm } from 'node:fs/promises';
import { createServer, connect, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { MonitorServer, type MonitorServerOptions, type StatsReport } from '../../metrics/index.ts';
import { cannotListen } from '../../metrics/server/cannot-listen.ts';
import { ConfigError, LifecycleError } from '../../source/index.ts';
import { runNode } from '../_helpers/child-process.ts';
import { getJson, httpGet } from '../_helpers/http-get.ts';
import { fakeMonitored, fakeProvider, monitorServer } from '../_helpers/jobs/monitored.ts';
import { temporaryFolder } from '../_helpers/temporary-folder.ts';
import { LineLogger } from '../_helpers/fakes/processor-run.ts';
import { startMonitorChild } from '../_helpers/jobs/monitor-child.ts';

test('wrong options are told all at once', (t) => {
  const error = t.throws(
    () =>
      new MonitorServer({
        port: 70_000,
        host: 'http://here',
        blockedAfterMs: 10,
        allowedHosts: 'name',
        logger: {},
        ports: 1,
      } as unknown as MonitorServerOptions),
    { instanceOf: ConfigError },
  );
  t.deepEqual(error.problems, [
    "unknown option 'ports'; known are port, host, blockedAfterMs, allowedHosts, logger",
    'port must be a whole number from 0 (any free port) to 65535, not 70000',
    "host must be a name or an address, such as '127.0.0.1' or '::1', not 'http://here'",
    'blockedAfterMs must be a whole number from 1000 to 2147483647 ms, not 10',
    "allowedHosts must be a list of host names, not 'name'",
    'logger must have debug, info, warn, error and child',
  ]);
  t.throws(() => new MonitorServer(undefined as unknown as MonitorServerOptions), {
    instanceOf: ConfigError,
  });
  t.throws(() => new MonitorServer({} as MonitorServerOptions), { message: /^MonitorServer: port must be/ });
});

test('it listens from the first processor to the last one, and again for the next', async (t) => {
  const logger = new LineLogger();
  const server = monitorServer(t, { logger });
  t.throws(() => server.url, { instanceOf: LifecycleError });
  const releaseOne = await server.watch(fakeMonitored('one'));
  const { url } = server;
  const releaseTwo = await server.watch(fakeMonitored('two'));
  t.is(server.url, url);
  await releaseOne();
  await releaseOne();
  t.is((await getJson(`${url}/readyz`)).status, 200);
  await releaseTwo();
  await t.throwsAsync(httpGet(`${url}/healthz`), { code: 'ECONNREFUSED' });
  t.throws(() => server.url, { instanceOf: LifecycleError });
  const releaseThree = await server.watch(fakeMonitored('three'));
  t.is((await getJson(`${server.url}/healthz`)).status, 200);
  await releaseThree();
  t.is(logger.lines.filter(({ message }) => message === 'The monitor server is listening').length, 2);
  t.deepEqual(logger.messages('error'), []);
});

test('processors that come and go at the same time find it open', async (t) => {
  const server = monitorServer(t);
  for (let round = 0; round < 3; round++) {
    const releases = await Promise.all([
      server.watch(fakeMonitored('one')),
      server.watch(fakeMonitored('two')),
    ]);
    const gone = releases.map((release) => release());
    const next = await server.watch(fakeMonitored('three'));
    await Promise.all(gone);
    t.is((await getJson(`${server.url}/healthz`)).status, 200);
    await next();
  }
});

test('after listen() it stays open until close(), whoever comes and goes', async (t) => {
  const server = monitorServer(t);
  await server.listen();
  await server.listen();
  const release = await server.watch(fakeMonitored());
  await release();
  t.is((await getJson(`${server.url}/healthz`)).status, 200);
  await server.close();
  await server.close();
  await t.throwsAsync(server.listen(), {
    instanceOf: LifecycleError,
    message: /is closed: create a new one$/,
  });
  await t.throwsAsync(server.watch(fakeMonitored()), { instanceOf: LifecycleError });
});

test('a provider that cannot make the gauges of the event loop is told to its processor, which is not watched', async (t) => {
  const server = monitorServer(t);
  await server.listen();
  const broken = {
    ...fakeProvider(),
    newGauge: () => {
      throw new Error('no gauges');
    },
  };
  await t.throwsAsync(server.watch(fakeMonitored('orders', broken)), { message: 'no gauges' });
  await server.watch(fakeMonitored('payments', fakeProvider()));
  const { body } = await getJson(`${server.url}/api/stats`);
  t.is((body as StatsReport).processors.length, 1);
});

test('close() while it begins to listen leaves nothing open, and says so to who waits for it', async (t) => {
  // Within one turn of the event loop, in which it cannot have learnt that it listens.
  for (const steps of [0, 1, 20]) {
    const server = monitorServer(t);
    const listening = server.listen();
    for (let step = 0; step < steps; step++) await Promise.resolve();
    const closing = server.close();
    await t.throwsAsync(listening, { instanceOf: LifecycleError });
    await closing;
    t.throws(() => server.url);
  }
});

test('close() ends idle connections at once', async (t) => {
  const server = monitorServer(t);
  await server.listen();
  const idle = await keptAlive(Number(new URL(server.url).port));
  t.teardown(() => idle.destroy());
  const ended = once(idle, 'close');
  await server.close();
  await ended;
  t.pass();
});

test('close() waits no longer than a second for a request that is being sent or answered', async (t) => {
  const server = monitorServer(t);
  await server.watch(
    fakeMonitored('orders', {
      ...fakeProvider(),
      expose: () => new Promise<never>(() => undefined),
    } as ReturnType<typeof fakeProvider>),
  );
  const port = Number(new URL(server.url).port);
  const sending = connect(port, '127.0.0.1');
  t.teardown(() => sending.destroy());
  sending.on('error', () => undefined);
  sending.write('GET /healthz HTTP/1.1\r\n');
  const answered = httpGet(`${server.url}/metrics`).catch((error: unknown) => error);
  // Both have been taken in when a third one, which came after them, is answered.
  await httpGet(`${server.url}/healthz`);
  const began = performance.now();
  await server.close();
  const ms = performance.now() - began;
  t.true(ms < 1_500, String(ms));
  t.true((await answered) instanceof Error);
});

test('a port in use is a ConfigError that says who to ask, and the processor is not watched', async (t) => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  t.teardown(() => other.close());
  const address = other.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const server = monitorServer(t, { port });
  const message = `MonitorServer: cannot listen on port ${port} of 127.0.0.1: another process listens there (lsof -i :${port} shows which). Use another port, or 0 for a free one`;
  await t.throwsAsync(server.watch(fakeMonitored()), { instanceOf: ConfigError, message });
  await t.throwsAsync(server.listen(), { instanceOf: ConfigError, message });
  other.close();
  await once(other, 'close');
  await server.listen();
  t.deepEqual((await getJson(`${server.url}/readyz`)).body, {
    ready: false,
    problems: ['No processor is running'],
  });
});

test('a host that is not of this machine, or no host at all, is a ConfigError that says so', async (t) => {
  await t.throwsAsync(monitorServer(t, { host: '192.0.2.1' }).listen(), {
    instanceOf: ConfigError,
    message:
      'MonitorServer: cannot listen on port 0 of 192.0.2.1: 192.0.2.1 is not an address of this machine. Use one of its own: 127.0.0.1 for this machine only, or 0.0.0.0 for all',
  });
  await t.throwsAsync(monitorServer(t, { host: 'no-such-host.invalid' }).listen(), {
    instanceOf: ConfigError,
    message:
      'MonitorServer: cannot listen on port 0 of no-such-host.invalid: the name no-such-host.invalid could not be resolved. Use an address of this machine, such as 127.0.0.1',
  });
});

test('each error of listening is told with what to do', (t) => {
  const told = (code: string) =>
    cannotListen({ port: 80, host: 'batch' }, code, 'listen failed').message.replace(/^.* of batch: /, '');
  t.is(told('EACCES'), 'this user is not allowed to. Use a port from 1024 up');
  t.is(
    told('EAI_AGAIN'),
    'the name batch could not be resolved. Use an address of this machine, such as 127.0.0.1',
  );
  t.is(told('EMFILE'), 'listen failed');
});

const addresses = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
const hosts = [
  { host: '127.0.0.1', url: 'http://127.0.0.1:' },
  { host: 'localhost', url: 'http://localhost:' },
  { host: '0.0.0.0', url: 'http://localhost:' },
  ...(addresses.some(({ address }) => address === '::1')
    ? [
        { host: '::1', url: 'http://[::1]:' },
        { host: '::', url: 'http://localhost:' },
      ]
    : []),
];

test('its url names the host that was given, in brackets where it is of IPv6, and localhost where it is all', async (t) => {
  for (const { host, url } of hosts) {
    const server = monitorServer(t, { host });
    await server.listen();
    t.true(server.url.startsWith(url), server.url);
    t.is((await getJson(`${server.url}/healthz`)).status, 200, host);
  }
});

test('by default other machines cannot reach it', async (t) => {
  const server = monitorServer(t);
  await server.listen();
  const { port } = new URL(server.url);
  const outward = addresses.find(({ family, internal }) => family === 'IPv4' && !internal);
  t.is(new URL(server.url).hostname, '127.0.0.1');
  if (outward !== undefined)
    await t.throwsAsync(httpGet(`http://${outward.address}:${port}/healthz`), { code: 'ECONNREFUSED' });
});

test('a process that has closed its server ends by itself', async (t) => {
  const child = await startMonitorChild(t);
  const idle = await keptAlive(Number(new URL(child.url).port));
  t.teardown(() => idle.destroy());
  child.send({ close: true });
  t.is(await child.ended, 0);
});

test('a process that never listens, or cannot, ends by itself', async (t) => {
  const module = fileURLToPath(new URL('../../metrics/index.js', import.meta.url));
  const program = `
    import { MonitorServer } from ${JSON.stringify(module)};
    new MonitorServer({ port: 0 });
    await new MonitorServer({ port: 0, host: '192.0.2.1' }).listen().catch(({ code }) => console.log(code));
  `;
  const { code, output } = await runNode(['--input-type=module', '--eval', program]);
  t.deepEqual({ code, output }, { code: 0, output: 'CONFIG\n' });
});

test('a server without the file of its thread, as in a bundle, is a ConfigError that says so', async (t) => {
  const folder = await temporaryFolder(t, { 'package.json': '{"type":"module"}' });
  const compiled = fileURLToPath(new URL('../..', import.meta.url));
  for (const part of ['metrics', 'source/kernel'])
    await cp(join(compiled, part), join(folder, 'dist', part), { recursive: true });
  await rm(join(folder, 'dist/metrics/server/worker.js'));
  const program = `
    import { MonitorServer } from ${JSON.stringify(join(folder, 'dist/metrics/server.js'))};
    await new MonitorServer({ port: 0 }).listen().catch(({ message }) => console.log(message));
  `;
  const { code, output } = await runNode(['--input-type=module', '--eval', program]);
  t.is(code, 0);
  t.regex(
    output,
    /^MonitorServer: its thread could not be started: Cannot find module .*worker.js.*keep kasper-ts out of the bundle, as an external package$/m,
  );
});

/** A connection on which one request was answered, and which waits for the next. */
async function keptAlive(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await once(socket, 'data');
  return socket;
}
