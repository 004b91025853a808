import type { Redis } from 'ioredis';
import { startRedis } from '../../../scripts/services/redis-server.ts';
import { FencedError, StoreError } from '../../../source/kernel/errors.ts';
import { FaultProxy } from '../../../source/testing/index.ts';
import { RedisStore, type RedisStoreOptions } from '../../../stores/redis-store.ts';
import { json } from '../../../source/index.ts';
import { withCodec } from '../../../stores/with-codec.ts';
import { connectionName, storeOwner } from '../../_helpers/fakes/store-owners.ts';
import { randomName } from '../../_helpers/servers/services.ts';
import { redisClient, sharedRedis } from '../../_helpers/servers/store-servers.ts';
import { until } from '../../_helpers/until.ts';

const server = sharedRedis();

/** The names of all connections to the server. */
async function names(client: Redis): Promise<string[]> {
  const list = String(await client.client('LIST'));
  return [...list.matchAll(/ name=(\S*)/g)].map(([, name = '']) => name);
}

const value = (n: number) => Buffer.from(String(n));

server.test(
  'a run writes by a connection of its own that has its name, until the run ends',
  async (t, { port }) => {
    const client = redisClient(t, port);
    const keyPrefix = randomName('fence');
    const store = new RedisStore({ client, keyPrefix });
    const owner = storeOwner();
    await store.put('before', value(1));
    t.false((await names(client)).some((name) => name.includes(owner.id)));
    const fence = store.fence(owner);
    await fence.done;
    await store.put('in', value(2));
    await store.delete('before');
    t.deepEqual(
      (await names(client)).filter((name) => name !== ''),
      [connectionName(owner)],
    );
    t.is(owner.asked, 1, 'the claims are read once for a connection');
    fence.release();
    await until(async () => !(await names(client)).includes(connectionName(owner)), {
      deadlineMs: 5_000,
      what: 'the connection to be closed',
    });
    await store.put('after', value(3));
    t.deepEqual(
      [...(await store.getAll(['before', 'in', 'after']))].map(([key, bytes]) => [key, String(bytes)]),
      [
        ['in', '2'],
        ['after', '3'],
      ],
    );
    t.deepEqual(owner.logger.lines, []);
  },
);

server.test('the connections of a former owner are closed, and no others', async (t, { port }) => {
  const keyPrefix = randomName('fence');
  const open = () => new RedisStore({ client: redisClient(t, port), keyPrefix });
  const [gone, other] = [storeOwner(), storeOwner()];
  const [goneStore, otherStore] = [open(), open()];
  await goneStore.fence(gone).done;
  await otherStore.fence(other).done;
  const next = storeOwner({ former: [gone] });
  const nextStore = open();
  await nextStore.fence(next).done;
  const watch = redisClient(t, port);
  await until(async () => !(await names(watch)).includes(connectionName(gone)), {
    deadlineMs: 5_000,
    what: 'the connection to be gone',
  });
  t.true((await names(watch)).includes(connectionName(other)));
  t.true((await names(watch)).includes(connectionName(next)));
  t.deepEqual(next.logger.messages('info'), [
    'Connections of a former owner to Redis were closed, with what was on its way',
  ]);
  await otherStore.put('other', value(1));
  t.is(other.asked, 1, 'its connection was not touched');
});

server.test('a former owner that still lives gets a StoreError, and writes nothing', async (t, { port }) => {
  const keyPrefix = randomName('fence');
  const open = () => new RedisStore({ client: redisClient(t, port), keyPrefix });
  const [sleeper, next] = [storeOwner(), open()];
  const old = open();
  await old.fence(sleeper).done;
  await old.put('key', value(1));
  sleeper.isFenced = true;
  await next.fence(storeOwner({ former: [sleeper] })).done;
  await next.put('key', value(2));
  const error = await t.throwsAsync(old.put('key', value(3)), { instanceOf: StoreError });
  t.true(error.cause instanceof FencedError, String(error.cause));
  t.false(error.retriable);
  t.is(String(await next.get('key')), '2');
});

server.test('what a dead process sent is refused when it comes late', async (t, { port }) => {
  const proxy = await FaultProxy.start({ target: { port } });
  t.teardown(() => proxy.close());
  const keyPrefix = randomName('fence');
  const dead = storeOwner();
  const old = new RedisStore({ client: redisClient(t, proxy.port), keyPrefix });
  await old.fence(dead).done;
  await old.put('key', value(1));
  // The proxy has the bytes, as a network that delivers late.
  proxy.blackHole();
  const late = t.throwsAsync(old.put('key', value(2)), { instanceOf: StoreError });
  const next = new RedisStore({ client: redisClient(t, port), keyPrefix });
  await next.fence(storeOwner({ former: [dead] })).done;
  await next.put('key', value(3));
  dead.isFenced = true;
  proxy.pass();
  await late;
  t.is(String(await next.get('key')), '3');
});

server.test(
  'a write whose connection was lost is sent again after the claims were read',
  async (t, { port }) => {
    const proxy = await FaultProxy.start({ target: { port } });
    t.teardown(() => proxy.close());
    const store = new RedisStore({ client: redisClient(t, proxy.port), keyPrefix: randomName('fence') });
    const owner = storeOwner();
    await store.fence(owner).done;
    proxy.blackHole();
    const writing = store.putAll([
      ['a', value(1)],
      ['b', value(2)],
    ]);
    await until(() => proxy.connections > 1, { deadlineMs: 5_000, what: 'both connections' });
    proxy.reset();
    proxy.pass();
    await writing;
    t.is(owner.asked, 2);
    t.is((await store.getAll(['a', 'b'])).size, 2);
  },
);

server.test(
  'a call that is given up resets its connection, and what it sent is not carried out later',
  async (t, { port }) => {
    const proxy = await FaultProxy.start({ target: { port } });
    t.teardown(() => proxy.close());
    const keyPrefix = randomName('fence');
    const store = new RedisStore({ client: redisClient(t, proxy.port), keyPrefix, timeoutMs: 300 });
    const owner = storeOwner();
    const fence = store.fence(owner);
    await fence.done;
    await store.put('key', value(1));
    t.false(fence.isUnsure);
    proxy.blackHole();
    await t.throwsAsync(store.put('key', value(2)), { message: /no answer within timeoutMs/ });
    t.true(fence.isUnsure, 'the next owner has to know');
    proxy.reset();
    proxy.pass();
    await until(() => store.put('key', value(3)).then(() => true), {
      deadlineMs: 10_000,
      retryErrors: true,
      what: 'the connection to be there again',
    });
    t.false(fence.isUnsure, 'what was left of it was closed by this run itself');
    t.is(String(await store.get('key')), '3');
  },
);

server.test('nothing is read before the former owners are kept out', async (t, { port }) => {
  const proxy = await FaultProxy.start({ target: { port } });
  t.teardown(() => proxy.close());
  const keyPrefix = randomName('fence');
  const client = redisClient(t, port);
  const store = new RedisStore({ client: redisClient(t, proxy.port), keyPrefix, timeoutMs: 500 });
  await store.put('key', value(1));
  const dead = storeOwner();
  await new RedisStore({ client, keyPrefix }).fence(dead).done;
  proxy.refuse();
  const owner = storeOwner({ former: [dead] });
  const fence = store.fence(owner);
  const early = await t.throwsAsync(store.get('key'), { instanceOf: StoreError });
  t.true(early.retriable);
  t.true((await names(client)).includes(connectionName(dead)));
  proxy.pass();
  await until(() => store.get('key'), { deadlineMs: 10_000, retryErrors: true, what: 'the read' });
  t.false((await names(client)).includes(connectionName(dead)));
  await fence.done;
});

server.test(
  'two runs on one client have both names, and the one that is left keeps writing',
  async (t, { port }) => {
    const client = redisClient(t, port, { connectionName: 'mine' });
    const [one, two] = [storeOwner({ group: 'one' }), storeOwner({ group: 'two' })];
    const stores = ['a', 'b'].map((name) => new RedisStore({ client, keyPrefix: randomName(name) }));
    const fences = [stores[0]?.fence(one), stores[1]?.fence(two)];
    for (const fence of fences) await fence?.done;
    await Promise.all(stores.map((store) => store.put('key', value(1))));
    t.true((await names(client)).includes(`mine+${connectionName(one)}+${connectionName(two)}`));
    fences[0]?.release();
    await stores[1]?.put('key', value(2));
    t.true((await names(client)).includes(`mine+${connectionName(two)}`));
  },
);

server.test(
  'a user who may not name or close connections is warned once, and writes',
  async (t, { port }) => {
    const admin = redisClient(t, port);
    const username = randomName('user');
    await admin.acl('SETUSER', username, 'on', '>secret', '~*', '+@all', '-client|kill');
    const client = redisClient(t, port, { username, password: 'secret' });
    const store = new RedisStore({ client, keyPrefix: randomName('fence') });
    const owner = storeOwner({ former: [storeOwner()] });
    await store.fence(owner).done;
    await store.put('key', value(1));
    await admin.client('KILL', 'USER', username);
    await store.put('key', value(2));
    t.is(owner.logger.messages('warn').length, 1);
    t.regex(owner.logger.messages('warn')[0] ?? '', /Redis does not let connections be named and closed/);
    t.regex(String(owner.logger.lines[0]?.fields?.['why']), /NOPERM/);
    t.false(JSON.stringify(owner.logger.lines).includes('secret'));
  },
);

server.test('a client that cannot be duplicated is used as it is, with a warning', async (t, { port }) => {
  const client = redisClient(t, port);
  const plain = {
    call: client.call.bind(client),
    callBuffer: client.callBuffer.bind(client),
    pipeline: client.pipeline.bind(client),
    multi: client.multi.bind(client),
    options: {},
  };
  const store = new RedisStore({ client: plain, keyPrefix: randomName('fence') });
  const owner = storeOwner();
  await store.fence(owner).done;
  await store.put('key', value(1));
  t.is(String(await store.get('key')), '1');
  t.is(owner.logger.messages('warn').length, 1);
});

server.test('a codec, a tenant and a time to live change nothing of it', async (t, { port }) => {
  const client = redisClient(t, port);
  const owner = storeOwner();
  const store = withCodec(
    new RedisStore({ client, keyPrefix: randomName('fence'), ttlMs: 60_000 }),
    json<number>(),
  );
  await store.fence?.(owner).done;
  await store.put('key', 5);
  t.is(await store.get('key'), 5);
  t.true((await names(client)).includes(connectionName(owner)));
});

server.test('a server that was frozen does not carry out afterwards what was given up', async (t) => {
  const own = await startRedis();
  t.teardown(() => own.stop());
  const keyPrefix = randomName('fence');
  const store = new RedisStore({ client: redisClient(t, own.port), keyPrefix, timeoutMs: 400 });
  const owner = storeOwner();
  const fence = store.fence(owner);
  await fence.done;
  await store.put('key', value(1));
  process.kill(own.pid, 'SIGSTOP');
  t.teardown(() => {
    process.kill(own.pid, 'SIGCONT');
  });
  // Larger than what a server reads at a time, so that others come in between.
  const large = Buffer.alloc(300_000, '2');
  await t.throwsAsync(store.put('key', large), { message: /no answer within timeoutMs/ });
  t.true(fence.isUnsure);
  fence.release();
  const next = new RedisStore({ client: redisClient(t, own.port), keyPrefix });
  const fenced = next.fence(storeOwner({ former: [owner] }));
  process.kill(own.pid, 'SIGCONT');
  await fenced.done;
  await next.put('key', value(3));
  t.is(String(await next.get('key')), '3');
});

server.test(
  'of two runs on one client, one that was replaced does not keep the other from writing',
  async (t, { port }) => {
    const client = redisClient(t, port);
    const [one, two] = [storeOwner(), storeOwner()];
    const stores = ['a', 'b'].map((name) => new RedisStore({ client, keyPrefix: randomName(name) }));
    await Promise.all([stores[0]?.fence(one).done, stores[1]?.fence(two).done]);
    one.isFenced = true;
    const next = new RedisStore({ client: redisClient(t, port), keyPrefix: randomName('c') });
    await next.fence(storeOwner({ former: [one] })).done;
    await t.throwsAsync(async () => stores[0]?.put('key', value(1)), { instanceOf: StoreError });
    await stores[1]?.put('key', value(2));
    t.is(String(await stores[1]?.get('key')), '2');
  },
);

server.test(
  "with fence: 'script' a user who may not close connections keeps former owners out as well",
  async (t, { port }) => {
    const admin = redisClient(t, port);
    const username = randomName('user');
    await admin.acl('SETUSER', username, 'on', '>secret', '~*', '+@all', '-client|kill', '-client|setname');
    const proxy = await FaultProxy.start({ target: { port } });
    t.teardown(() => proxy.close());
    const keyPrefix = randomName('fence');
    const open = (at: number, options: Partial<RedisStoreOptions> = {}) =>
      new RedisStore({
        client: redisClient(t, at, { username, password: 'secret' }),
        keyPrefix,
        fence: 'script',
        ...options,
      });
    const dead = storeOwner();
    const old = open(proxy.port);
    await old.fence(dead).done;
    await old.putAll([
      ['a', value(1)],
      ['b', value(1)],
    ]);
    await old.delete('b');
    // The proxy has the bytes, as a network that delivers late.
    proxy.blackHole();
    const late = t.throwsAsync(old.put('a', value(2)), { instanceOf: StoreError });
    const owner = storeOwner({ former: [dead] });
    const next = open(port, { ttlMs: 60_000 });
    await next.fence(owner).done;
    await next.put('a', value(3));
    proxy.pass();
    t.regex((await late).message, /FENCED a later owner/);
    t.deepEqual(
      [...(await next.getAll(['a', 'b']))].map(([key, bytes]) => [key, String(bytes)]),
      [['a', '3']],
    );
    t.true((await admin.pttl(`${keyPrefix}/a`)) > 0);
    t.deepEqual(owner.logger.messages('warn'), []);
  },
);

server.test("with fence: 'script' what a run gave up is refused when it comes late", async (t, { port }) => {
  const proxy = await FaultProxy.start({ target: { port } });
  t.teardown(() => proxy.close());
  const client = redisClient(t, proxy.port);
  const store = new RedisStore({ client, keyPrefix: randomName('fence'), fence: 'script', timeoutMs: 1_000 });
  await store.fence(storeOwner()).done;
  await store.put('key', value(1));
  proxy.blackHole();
  await t.throwsAsync(store.put('key', value(2)), { message: /no answer within timeoutMs/ });
  proxy.pass();
  await until(() => store.put('key', value(3)).then(() => true), {
    deadlineMs: 10_000,
    retryErrors: true,
    what: 'a write',
  });
  t.is(String(await store.get('key')), '3');
});
