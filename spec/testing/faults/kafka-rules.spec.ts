import type { ExecutionContext } from 'ava';
import { connect } from 'node:net';
import { apis } from '../../../source/embedded/api/apis.ts';
import { FaultProxy } from '../../../source/testing/index.ts';
import { kafkaApis } from '../../../source/testing/faults/kafka-apis.ts';
import test from 'ava';
import { testOnBoth, type TestCluster } from '../../_helpers/servers/services.ts';
import { until } from '../../_helpers/until.ts';

const soon = { deadlineMs: 20_000 };
const NO_BODY = { ApiVersions: 18, ListGroups: 16 } as const;

/** A proxy before the first broker. */
async function proxyOf(t: ExecutionContext, { brokers: [broker = ''] }: TestCluster) {
  const proxy = await FaultProxy.start({ target: { port: Number(broker.split(':')[1]) } });
  t.teardown(() => proxy.close());
  return proxy;
}

/** A connection that keeps the correlation ids of the answers. */
function wire(t: ExecutionContext, port: number) {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  const seen = { answers: [] as number[], closed: false };
  let received = Buffer.alloc(0);
  socket.on('data', (bytes) => {
    received = Buffer.concat([received, bytes]);
    while (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) {
      seen.answers.push(received.readInt32BE(4));
      received = received.subarray(4 + received.readInt32BE(0));
    }
  });
  socket.on('error', () => undefined);
  socket.on('close', () => (seen.closed = true));
  t.teardown(() => socket.destroy());
  const answered = (...ids: readonly number[]) =>
    until(() => ids.every((id) => seen.answers.includes(id)), { ...soon, what: `answers ${ids.join(', ')}` });
  return { socket, seen, answered };
}

/** A request of version 0 without a client id and a body. */
function request(api: keyof typeof NO_BODY, id: number): Buffer {
  const bytes = Buffer.alloc(14);
  bytes.writeInt32BE(10, 0);
  bytes.writeInt16BE(NO_BODY[api], 4);
  bytes.writeInt32BE(id, 8);
  bytes.writeInt16BE(-1, 12);
  return bytes;
}

test('each API that the embedded cluster serves has its key', (t) => {
  for (const { name, key } of apis.values()) t.true(kafkaApis[name] === key, name);
});

testOnBoth('the answer to one request is dropped, those before and after it pass', async (t, cluster) => {
  const proxy = await proxyOf(t, cluster);
  const { socket, seen, answered } = wire(t, proxy.port);
  const rule = proxy.rule({ api: 'ListGroups', action: 'drop-answer' });
  socket.write(
    Buffer.concat([request('ApiVersions', 1), request('ListGroups', 2), request('ListGroups', 3)]),
  );
  await answered(1, 3);
  t.deepEqual(seen, { answers: [1, 3], closed: false });
  t.is(rule.hits, 1);
  await rule.done;
});

testOnBoth('a request is delayed, and what comes after it on its connection', async (t, cluster) => {
  const proxy = await proxyOf(t, cluster);
  const rule = proxy.rule({ api: 'ListGroups', action: 'delay', delayMs: 150, times: 2 });
  const delayed = wire(t, proxy.port);
  const beside = wire(t, proxy.port);
  const start = performance.now();
  delayed.socket.write(
    Buffer.concat([request('ApiVersions', 1), request('ListGroups', 2), request('ApiVersions', 3)]),
  );
  beside.socket.write(request('ApiVersions', 4));
  await Promise.all([delayed.answered(1), beside.answered(4)]);
  t.deepEqual(delayed.seen.answers, [1]);
  await delayed.answered(2, 3);
  t.true(performance.now() - start >= 145);
  t.is(rule.hits, 1);
});

testOnBoth('a request is met that comes byte by byte', async (t, cluster) => {
  const proxy = await proxyOf(t, cluster);
  const rule = proxy.rule({ api: 'ListGroups', action: 'drop-answer' });
  const { socket, seen, answered } = wire(t, proxy.port);
  for (const byte of request('ListGroups', 1)) {
    socket.write(Buffer.of(byte));
    await new Promise(setImmediate);
  }
  socket.write(request('ApiVersions', 2));
  await answered(2);
  t.deepEqual(seen.answers, [2]);
  t.is(rule.hits, 1);
});

for (const when of ['before', 'after'] as const)
  testOnBoth(
    `a connection is reset ${when} a request was served, then the next passes`,
    async (t, cluster) => {
      const proxy = await proxyOf(t, cluster);
      const open = wire(t, proxy.port);
      open.socket.write(request('ApiVersions', 1));
      await open.answered(1);
      const rule = proxy.rule({ api: 'ListGroups', action: 'reset', when });
      open.socket.write(request('ListGroups', 2));
      await until(() => open.seen.closed, { ...soon, what: 'the reset' });
      t.deepEqual(open.seen.answers, [1]);
      await rule.done;
      const next = wire(t, proxy.port);
      next.socket.write(request('ListGroups', 3));
      await next.answered(3);
      t.is(rule.hits, 1);
    },
  );

testOnBoth('a rule is over when it is cancelled, and when all is to pass', async (t, cluster) => {
  const proxy = await proxyOf(t, cluster);
  const { socket, answered } = wire(t, proxy.port);
  const cancelled = proxy.rule({ api: 'ListGroups', action: 'drop-answer', times: Infinity });
  socket.write(Buffer.concat([request('ListGroups', 1), request('ApiVersions', 2)]));
  await answered(2);
  cancelled.cancel();
  socket.write(request('ListGroups', 3));
  await answered(3);
  const passed = proxy.rule({ api: 'ListGroups', action: 'drop-answer', times: Infinity });
  proxy.pass();
  socket.write(request('ListGroups', 4));
  await answered(4);
  t.deepEqual([cancelled.hits, passed.hits], [1, 0]);
});
