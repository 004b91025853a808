import test, { type ExecutionContext } from 'ava';
import { Redis } from 'ioredis';
import { StoreError } from '../../../source/kernel/errors.ts';
import { multiStoreConformance, storeConformance } from '../../../source/testing/index.ts';
import { MultiRedisStore } from '../../../stores/multi-redis-store.ts';
import { MultiMap } from '../../../stores/multi-store.ts';
import { clientErrorRows } from '../../../stores/redis/redis-errors.ts';
import type { RedisClient } from '../../../stores/redis/redis-client.ts';
import { RedisStore } from '../../../stores/redis-store.ts';
import { randomName, testOnOwn } from '../../_helpers/servers/services.ts';
import {
  clusterClient,
  redisClient,
  sharedRedis,
  sharedRedisCluster,
} from '../../_helpers/servers/store-servers.ts';

const redis = sharedRedis();
// Clients that retry nothing cannot ride out a failover, which no spec here asks for.
const cluster = sharedRedisCluster({ nodeTimeoutMs: 60_000 });
const tenancy = () => ({ keyPrefix: 'counts' });
const one = Buffer.from('1');

/** Whoever runs it has replaced a command. */
const script = { lua: "return redis.error_reply('ERR the script of the program ran')", numberOfKeys: 0 };
const scripts = Object.fromEntries(
  ['get', 'mget', 'set', 'mset', 'del', 'scan', 'wait', 'ping'].map((name) => [name, script]),
);

/** Options with which stores do the same as without; those that do not affect one another together. */
const likeWithout: Readonly<Record<string, object>> = {
  'enableAutoPipelining, lazyConnect and showFriendlyErrorStack': {
    enableAutoPipelining: true,
    lazyConnect: true,
    showFriendlyErrorStack: true,
  },
  'enableAutoPipelining of all but get, and no check whether it is ready': {
    enableAutoPipelining: true,
    autoPipeliningIgnoredCommands: ['get'],
    enableReadyCheck: false,
  },
  'scripts with the names of commands': { scripts },
};
const ofConnection: Readonly<Record<string, object>> = {
  'time limits, reconnections and protocol: 2': {
    protocol: 2,
    commandTimeout: 20_000,
    socketTimeout: 20_000,
    connectTimeout: 20_000,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: null,
    reconnectOnError: () => 1,
  },
  "replyMapping: 'resp3'": { protocol: 3, replyMapping: 'resp3' },
};
const ofOneServer: Readonly<Record<string, object>> = {
  'stringNumbers, and db: 3': { stringNumbers: true, db: 3 },
  'stringNumbers, and protocol: 2': { stringNumbers: true, protocol: 2 },
};

async function passesAll(
  open: (keyPrefix: string, options: { ttlMs?: number }) => RedisStore,
  multi: MultiRedisStore,
) {
  for (const [at, { title, run }] of storeConformance.entries()) {
    const keyPrefix = randomName('store');
    const reopen = () => open(keyPrefix, at % 2 === 0 ? {} : { ttlMs: 600_000 });
    await named(title, run({ store: reopen(), reopen }));
  }
  for (const { title, run } of multiStoreConformance)
    await named(title, run({ store: multi, reopen: () => multi, tenant: randomName }));
}

async function named(title: string, done: Promise<void>): Promise<void> {
  try {
    await done;
  } catch (cause) {
    throw new Error(`${title}: ${String(cause)}`, { cause });
  }
}

for (const [title, options] of Object.entries({ ...likeWithout, ...ofConnection, ...ofOneServer })) {
  redis.test(`a client of one server with ${title}`, async (t, { port }) => {
    const client = redisClient(t, port, options);
    const multi = new MultiRedisStore({ client, tenancy });
    await t.notThrowsAsync(
      passesAll((keyPrefix, more) => new RedisStore({ client, keyPrefix, ...more }), multi),
    );
    const saved = new RedisStore({ client, keyPrefix: randomName('store'), flush: 'bgsave' });
    await saved.put('a', one);
    await t.notThrowsAsync(saved.flush());
    const replicated = new RedisStore({
      client,
      keyPrefix: randomName('store'),
      replicas: 1,
      timeoutMs: 2_000,
    });
    await t.throwsAsync(replicated.put('a', one), { message: /it was written, but only 0 of 1 replicas/ });
  });
}

const ofCluster: Readonly<Record<string, object>> = {
  ...likeWithout,
  'options of its nodes': {
    redisOptions: {
      ...ofConnection['time limits, reconnections and protocol: 2'],
      enableAutoPipelining: true,
    },
  },
  "replyMapping: 'resp3' of its nodes": { redisOptions: ofConnection["replyMapping: 'resp3'"] },
  'a natMap, and no retries': {
    natMap: (key: string) => ({ host: '127.0.0.1', port: Number(key.split(':')[1]) }),
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    retryDelayOnTryAgain: 0,
    retryDelayOnMoved: 20,
  },
};

for (const [title, options] of Object.entries(ofCluster)) {
  cluster.test(`a client of a cluster with ${title}`, async (t, { nodes }) => {
    const client = clusterClient(t, nodes, options);
    const multi = new MultiRedisStore({ client, tenancy, replicas: 1 });
    await t.notThrowsAsync(
      passesAll((keyPrefix, more) => new RedisStore({ client, keyPrefix, ...more }), multi),
    );
  });
}

cluster.test('a cluster that is connected by the first call saves on every master', async (t, { nodes }) => {
  const client = clusterClient(t, nodes, { lazyConnect: true });
  const savesOf = async (port: number) =>
    Number(/rdb_saves:(\d+)/.exec(await redisClient(t, port).info('persistence'))?.[1]);
  const all = async () => {
    const saves = await Promise.all(nodes.map(({ port }) => savesOf(port)));
    return saves.reduce((sum, each) => sum + each, 0);
  };
  const before = await all();
  await new RedisStore({ client, keyPrefix: randomName('store'), flush: 'bgsave' }).flush();
  t.is((await all()) - before, client.nodes('master').length);
});

const refused: Readonly<Record<string, readonly [options: object, message: RegExp]>> = {
  keyPrefix: [{ keyPrefix: 'x:' }, /must have no keyPrefix \(it has 'x:'\)/],
  readOnly: [{ readOnly: true }, /must not have readOnly: true: a replica may not have/],
  'the role of a replica': [
    { sentinels: [{ host: 'h', port: 1 }], name: 'm', role: 'slave' },
    /must not have role: 'slave' with its sentinels: a replica may not have/,
  ],
  monitor: [{ monitor: true }, /must not have monitor: true/],
};

for (const [title, [options, message]] of Object.entries(refused)) {
  test(`refused is a client with ${title}`, (t) => {
    const client = new Redis({ lazyConnect: true, ...options });
    t.throws(() => new RedisStore({ client, keyPrefix: 'p' }), { code: 'CONFIG', message });
    t.throws(() => new MultiRedisStore({ client, tenancy }), { code: 'CONFIG', message });
  });
}

for (const scaleReads of ['slave', 'all', () => undefined]) {
  const shown = typeof scaleReads === 'string' ? `'${scaleReads}'` : 'a function';
  test(`refused is a client of a cluster with scaleReads: ${shown}`, (t) => {
    const client = clusterClient(t, [{ port: 1 }], { lazyConnect: true, scaleReads });
    t.throws(() => new RedisStore({ client, keyPrefix: 'p' }), {
      code: 'CONFIG',
      message: new RegExp(`must have scaleReads: 'master' \\(it has ${shown}\\): a replica may not have`),
    });
  });
}

for (const [redisOptions, message] of [
  [{ keyPrefix: 'x:' }, /must have no keyPrefix \(it has 'x:'\)/],
  [{ stringNumbers: true }, /must not have redisOptions\.stringNumbers: ioredis then compares/],
] as const) {
  test(`refused is a client of a cluster whose nodes have ${JSON.stringify(redisOptions)}`, (t) => {
    const client = clusterClient(t, [{ port: 1 }], { lazyConnect: true, redisOptions });
    t.throws(() => new RedisStore({ client, keyPrefix: 'p' }), { code: 'CONFIG', message });
  });
}

async function failure(t: ExecutionContext, client: RedisClient, message: RegExp): Promise<StoreError> {
  const store = new RedisStore({ client, keyPrefix: randomName('store'), timeoutMs: 5_000 });
  return t.throwsAsync(store.put('a', one), { instanceOf: StoreError, message });
}

testOnOwn(
  'redis',
  'a command that takes longer than commandTimeout may have been done',
  async (t, { port }) => {
    const client = redisClient(t, port, { commandTimeout: 100 });
    await client.ping();
    await redisClient(t, port).call('CLIENT', 'PAUSE', '1000', 'ALL');
    const error = await failure(
      t,
      client,
      /Command timed out \(no answer within the client's commandTimeout\).*may still have been done/,
    );
    t.true(error.retriable);
  },
);

test('without an offline queue a call does not wait for the connection', async (t) => {
  const options = { enableOfflineQueue: false };
  for (const client of [redisClient(t, 1, options), clusterClient(t, [{ port: 1 }], options)]) {
    const error = await failure(
      t,
      client,
      /with enableOfflineQueue: false the client does not wait for it\)/,
    );
    t.true(error.retriable);
    t.notRegex(error.message, /may still have been done/);
  }
});

test('a client that gave up is not asked again', async (t) => {
  const client = redisClient(t, 1, { retryStrategy: () => null });
  const message = /no connection to Redis: .* \(the client has ended and will not connect again/;
  t.false((await failure(t, client, message)).retriable);
});

redis.test('a client that has subscribed takes no commands', async (t, { port }) => {
  const client = redisClient(t, port, { protocol: 2 });
  await client.subscribe('channel');
  const error = await failure(
    t,
    client,
    /Connection in subscriber mode, .* \(give the store a client of its own\)/,
  );
  t.false(error.retriable);
});

cluster.test(
  'a client of one server is told that the server is a node of a cluster',
  async (t, { nodes }) => {
    const client = redisClient(t, nodes[0]?.port ?? 0);
    const store = new RedisStore({ client, keyPrefix: randomName('store') });
    const errors: StoreError[] = [];
    for (let at = 0; at < 30; at++) {
      try {
        await store.put(`key-${at}`, one);
      } catch (error) {
        errors.push(error as StoreError);
      }
    }
    t.true(errors.length > 0);
    for (const error of errors) {
      t.regex(error.message, /MOVED .* \(the server belongs to a Redis Cluster: give the store a Cluster/);
      t.false(error.retriable);
    }
  },
);

cluster.test('redirections that the client may not follow are reported', async (t, { nodes }) => {
  const client = clusterClient(t, nodes, { maxRedirections: 0 });
  const store = new RedisStore({ client, keyPrefix: randomName('store') });
  await store.put('a', one);
  // What the client believes is wrong for each slot.
  const [first = [], second = []] = [...new Map(client.slots.map((each) => [each.join(' '), each])).values()];
  for (const slot of client.slots.keys()) client.slots[slot] = slot % 2 === 0 ? first : second;
  const errors = new Set<string>();
  for (let at = 0; at < 30; at++) {
    await store.put(`key-${at}`, one).catch((error: unknown) => {
      t.true((error as StoreError).retriable);
      errors.add((error as StoreError).failures[0]?.reason ?? '');
    });
  }
  t.true(errors.size > 0);
  for (const reason of errors)
    t.regex(reason, /Too many Cluster redirections.* \(the client's maxRedirections is reached\)/);
});

redis.test('a reply that the program transforms is no missing key', async (t, { port }) => {
  const store = new RedisStore({ client: redisClient(t, port), keyPrefix: randomName('store') });
  await store.putAll([
    ['a', one],
    ['b', one],
  ]);
  const changed = (name: string) => {
    Redis.Command.setReplyTransformer(name, () => 'changed');
    t.teardown(() => {
      Redis.Command.setReplyTransformer(name, (reply: unknown) => reply);
    });
  };
  changed('get');
  changed('mget');
  for (const read of [() => store.get('a'), () => store.getAll(['a', 'b'])]) {
    const error = await t.throwsAsync(read(), {
      instanceOf: StoreError,
      message: /the client did not give the bytes of the reply: a reply transformer/,
    });
    t.false(error.retriable);
  }
});

redis.test(
  'a transaction on a client that pipelines by itself is refused as a whole',
  async (t, { port }) => {
    const user = randomName('user');
    await redisClient(t, port).call('ACL', 'SETUSER', user, 'on', '>secret', '~allowed/*', '+@all');
    const client = redisClient(t, port, { username: user, password: 'secret', enableAutoPipelining: true });
    const multi = new MultiRedisStore({ client, tenancy, ttlMs: 60_000 });
    const error = await t.throwsAsync(
      multi.push(new MultiMap().set('allowed', 'a', one).set('refused', 'b', one)),
      { instanceOf: StoreError, message: /NOPERM/ },
    );
    t.deepEqual(error.written, []);
    t.is(await multi.tenant('allowed').get('a'), undefined);
  },
);

test('each error that ioredis makes has a reason of its own', (t) => {
  const messages = clientErrorRows.map(({ message }) => message);
  t.is(new Set(messages).size, messages.length);
});
