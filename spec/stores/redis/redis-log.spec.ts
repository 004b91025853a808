import { EventEmitter } from 'node:events';
import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { Redis } from 'ioredis';
import { StoreError } from '../../../source/kernel/errors.ts';
import { FaultProxy } from '../../../source/testing/index.ts';
import { logRedisEvents } from '../../../stores/redis/redis-log.ts';
import { RedisStore } from '../../../stores/redis-store.ts';
import { LineLogger } from '../../_helpers/fakes/processor-run.ts';
import { testOnOwn } from '../../_helpers/servers/services.ts';
import { clusterClient, redisClient, sharedRedisCluster } from '../../_helpers/servers/store-servers.ts';
import { until } from '../../_helpers/until.ts';

const levels = (log: LineLogger) => log.lines.map(({ level, message }) => `${level}: ${message}`);

test('events of ioredis are lines with levels: what is retried warns, once; steps are for debugging', (t) => {
  const client = new EventEmitter();
  const log = new LineLogger();
  logRedisEvents(client, log);
  const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' });
  client.emit('connect');
  client.emit('+node', { options: { host: 'a', port: 1 } });
  client.emit('ready');
  client.emit('close');
  client.emit('reconnecting', 50);
  client.emit('error', refused);
  client.emit('reconnecting', 100);
  client.emit('ready');
  client.emit('-node', { options: { host: 'a', port: 1 } });
  client.emit('node error', refused, 'b:2');
  client.emit('close');
  client.emit('end');
  t.deepEqual(levels(log), [
    'debug: Connected to Redis',
    'debug: A node has joined the Redis Cluster',
    'debug: Redis can be used',
    'debug: The connection to Redis was closed',
    'warn: The connection to Redis was lost; the client reconnects',
    'warn: The connection to Redis failed; the client reconnects',
    'debug: Reconnecting to Redis',
    'info: Redis can be used again',
    'info: A node has left the Redis Cluster',
    'warn: A node of the Redis Cluster could not be reached',
    'debug: The connection to Redis was closed',
    'info: The connection to Redis has ended and will not be reopened',
  ]);
  t.deepEqual(log.lines[4]?.fields, { inMs: 50 });
  t.deepEqual(log.lines[5]?.fields, { error: 'Error: connect ECONNREFUSED 127.0.0.1:1' });
  t.deepEqual(log.lines[8]?.fields, { node: 'a:1' });
  t.deepEqual(log.lines[9]?.fields, { node: 'b:2', error: 'Error: connect ECONNREFUSED 127.0.0.1:1' });
});

test('an end after a failure warns; repeats are counted and told when it ends, and then nothing is heard any more', (t) => {
  const client = new EventEmitter();
  const log = new LineLogger();
  const end = logRedisEvents(client, log);
  for (let port = 0; port < 10; port++)
    client.emit('error', new Error(`connect ECONNREFUSED 127.0.0.1:${port}`));
  client.emit('end');
  end();
  t.deepEqual(log.messages('warn'), [
    ...Array<string>(3).fill('The connection to Redis failed; the client reconnects'),
    'The connection to Redis has ended and will not be reopened',
    'The connection to Redis failed; the client reconnects … 7 more like this in the last 1 s',
  ]);
  t.deepEqual(client.eventNames(), []);
});

testOnOwn('redis', 'a lost connection to a real Redis warns, and its return is told', async (t, { port }) => {
  const proxy = await FaultProxy.start({ target: { port } });
  t.teardown(() => proxy.close());
  const client = redisClient(t, proxy.port, { retryStrategy: () => 20 });
  await client.ping();
  const log = new LineLogger();
  t.teardown(logRedisEvents(client, log));
  proxy.reset();
  await until(() => log.messages('info').includes('Redis can be used again'), {
    deadlineMs: 10_000,
    what: 'Redis to be ready again',
  });
  t.true(log.messages('warn').length > 0);
});

testOnOwn(
  'redis',
  'a refused login shows the password nowhere: not in lines, not in errors, whoever prints them',
  async (t, server) => {
    const right = `right-${randomBytes(8).toString('hex')}`;
    const wrong = `wrong-${randomBytes(8).toString('hex')}`;
    await redisClient(t, server.port).config('SET', 'requirepass', right);
    for (const [password, protocol] of [
      [wrong, 2],
      [wrong, 3],
      [right, 2],
      [undefined, 2],
    ] as const) {
      const log = new LineLogger();
      const errors: unknown[] = [];
      const client = loggedIn(t, server.port, password, protocol);
      const end = logRedisEvents(client, log);
      client.on('error', (error) => errors.push(error));
      const store = new RedisStore({ client, keyPrefix: 'p', timeoutMs: 5000 });
      const outcome = await store.put('k', Buffer.from('v')).then(
        () => 'written',
        (error: unknown) => error,
      );
      end();
      if (password === right) t.is(outcome, 'written');
      else t.true(outcome instanceof StoreError, inspect(outcome));
      const said = inspect([log.lines, errors, outcome], {
        depth: Infinity,
        showHidden: true,
        maxStringLength: Infinity,
      });
      for (const secret of [wrong, right]) t.false(said.includes(secret), said);
      if (password === wrong) t.regex(said, /WRONGPASS/);
    }
  },
);

function loggedIn(t: ExecutionContext, port: number, password: string | undefined, protocol: 2 | 3): Redis {
  const options = { maxRetriesPerRequest: 0, retryStrategy: () => null, protocol };
  const client = new Redis(
    `redis://${password === undefined ? '' : `:${password}@`}127.0.0.1:${port}`,
    options,
  );
  t.teardown(() => {
    client.disconnect();
  });
  return client;
}

const cluster = sharedRedisCluster();

cluster.test('nodes of a real cluster are told by their addresses', async (t, { nodes }) => {
  const client = clusterClient(t, nodes, { lazyConnect: true });
  const log = new LineLogger();
  t.teardown(logRedisEvents(client, log));
  await client.connect();
  await until(() => log.messages('debug').includes('Redis can be used'), {
    deadlineMs: 10_000,
    what: 'the cluster to be ready',
  });
  const joined = log.lines.filter(({ message }) => message === 'A node has joined the Redis Cluster');
  t.true(joined.length >= nodes.length);
  t.true(
    joined.every(
      ({ level, fields }) => level === 'debug' && /^127\.0\.0\.1:\d+$/.test(String(fields?.['node'])),
    ),
  );
});
