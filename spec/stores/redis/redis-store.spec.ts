import test from 'ava';
import { StoreError } from '../../../source/kernel/errors.ts';
import { multiStoreConformance, storeConformance } from '../../../source/testing/index.ts';
import { MultiRedisStore } from '../../../stores/multi-redis-store.ts';
import { MultiMap } from '../../../stores/multi-store.ts';
import { RedisStore } from '../../../stores/redis-store.ts';
import { randomName, testOnOwn } from '../../_helpers/servers/services.ts';
import { redisClient, sharedRedis } from '../../_helpers/servers/store-servers.ts';

const redis = sharedRedis();
const tenancy = () => ({ keyPrefix: 'counts' });

const nothing = (): never => {
  throw new Error('nothing may be sent');
};
/** A client that is to send nothing. */
const unused = { call: nothing, callBuffer: nothing, pipeline: nothing, multi: nothing };

for (const { title, run } of storeConformance) {
  redis.test(title, async (t, { port }) => {
    const options = { client: redisClient(t, port), keyPrefix: randomName('store') };
    await t.notThrowsAsync(
      run({ store: new RedisStore(options), reopen: () => new RedisStore({ ...options }) }),
    );
  });
  redis.test(`with ttlMs: ${title}`, async (t, { port }) => {
    const options = { client: redisClient(t, port), keyPrefix: randomName('store'), ttlMs: 600_000 };
    await t.notThrowsAsync(
      run({ store: new RedisStore(options), reopen: () => new RedisStore({ ...options }) }),
    );
  });
  redis.test(`the store of a tenant: ${title}`, async (t, { port }) => {
    const open = () => new MultiRedisStore({ client: redisClient(t, port), tenancy }).tenant('a/b%');
    await t.notThrowsAsync(run({ store: open(), reopen: open }));
  });
}

for (const { title, run } of multiStoreConformance) {
  redis.test(`many tenants: ${title}`, async (t, { port }) => {
    const open = () => new MultiRedisStore({ client: redisClient(t, port), tenancy });
    await t.notThrowsAsync(run({ store: open(), reopen: open }));
  });
}

redis.test(
  'keys have prefix and slash before them, and tenants stand before the prefix',
  async (t, { port }) => {
    const client = redisClient(t, port);
    const keyPrefix = randomName('store');
    await new RedisStore({ client, keyPrefix }).put('a/b', Buffer.from('1'));
    t.is(await client.get(`${keyPrefix}/a/b`), '1');
    const multi = new MultiRedisStore({ client, tenancy: () => ({ keyPrefix }) });
    await multi.push(new MultiMap().set('t', 'k', Buffer.from('2')).set('x/y%', 'k', Buffer.from('3')));
    t.is(await client.get(`t/${keyPrefix}/k`), '2');
    t.is(await client.get(`x%2Fy%25/${keyPrefix}/k`), '3');
  },
);

testOnOwn('redis', 'each call is one command, and empty input none', async (t, { port }) => {
  const client = redisClient(t, port);
  const store = new RedisStore({ client, keyPrefix: randomName('store') });
  const multi = new MultiRedisStore({ client, tenancy });
  const one = Buffer.from('1');
  const calls: Readonly<Record<string, readonly [() => Promise<unknown>, string[]]>> = {
    get: [() => store.get('a'), ['get']],
    getAll: [() => store.getAll(['a', 'b', 'a']), ['mget']],
    put: [() => store.put('a', one), ['mset']],
    putAll: [
      () =>
        store.putAll([
          ['a', one],
          ['b', one],
        ]),
      ['mset'],
    ],
    delete: [() => store.delete('a'), ['del']],
    deleteAll: [() => store.deleteAll(['a', 'b']), ['del']],
    flush: [() => store.flush(), []],
    'getAll of nothing': [() => store.getAll([]), []],
    'putAll of nothing': [() => store.putAll([]), []],
    'deleteAll of nothing': [() => store.deleteAll([]), []],
    fetch: [
      () =>
        multi.fetch([
          { tenant: 's', key: 'a' },
          { tenant: 't', key: 'a' },
        ]),
      ['mget'],
    ],
    push: [() => multi.push(new MultiMap().set('s', 'a', one).set('t', 'a', one)), ['mset']],
    'fetch of nothing': [() => multi.fetch([]), []],
    'push of nothing': [() => multi.push(new MultiMap()), []],
    'flush of tenants': [() => multi.flush(), []],
  };
  for (const [name, [call, commands]] of Object.entries(calls)) {
    await client.config('RESETSTAT');
    await call();
    const stats = await client.info('commandstats');
    const seen = [...stats.matchAll(/cmdstat_(\w+):calls=(\d+)/g)].map(([, command]) => command);
    t.deepEqual(
      seen.filter((command) => !['info', 'client', 'hello'].includes(command ?? '')),
      commands,
      name,
    );
    const counts = [...stats.matchAll(/cmdstat_m?(?:get|set):calls=(\d+)/g)].map(([, calls]) => calls);
    t.true(
      counts.every((count) => count === '1'),
      name,
    );
  }
});

redis.test('ten thousand keys of a kilobyte are written and read in one call each', async (t, { port }) => {
  const store = new RedisStore({ client: redisClient(t, port), keyPrefix: randomName('store') });
  const entries = Array.from(
    { length: 10_000 },
    (_none, at) => [`key-${at}`, Buffer.alloc(1000, at & 0xff)] as const,
  );
  await store.putAll(entries);
  const found = await store.getAll(entries.map(([key]) => key));
  t.is(found.size, 10_000);
  t.true(entries.every(([key, value]) => found.get(key)?.equals(value)));
});

redis.test('with ttlMs values expire', async (t, { port }) => {
  const client = redisClient(t, port);
  const keyPrefix = randomName('store');
  const store = new RedisStore({ client, keyPrefix, ttlMs: 60_000 });
  await store.putAll([
    ['a', Buffer.from('1')],
    ['b', Buffer.from('2')],
  ]);
  for (const key of ['a', 'b']) {
    const left = await client.pttl(`${keyPrefix}/${key}`);
    t.true(left > 50_000 && left <= 60_000, String(left));
  }
});

redis.test('entries leave out what is no string, and what is not under the prefix', async (t, { port }) => {
  const client = redisClient(t, port);
  const keyPrefix = randomName('store[*]');
  await client.lpush(`${keyPrefix}/list`, 'x');
  await client.mset(`${keyPrefix}/`, '1', keyPrefix, '2', `${keyPrefix}0`, '3', `${keyPrefix}/a`, '4');
  const store = new RedisStore({ client, keyPrefix });
  const keys: string[] = [];
  for await (const [key, value] of store.entries()) keys.push(`${key}=${value.toString()}`);
  t.deepEqual(keys, ['a=4']);
});

testOnOwn('redis', 'entries end at a time limit, and when they are aborted', async (t, { port }) => {
  const client = redisClient(t, port);
  const store = new RedisStore({ client, keyPrefix: 'p', timeoutMs: 200 });
  await store.put('a', Buffer.from('1'));
  const controller = new AbortController();
  const entries = store.entries({ signal: controller.signal })[Symbol.asyncIterator]();
  await client.call('CLIENT', 'PAUSE', '1000', 'ALL');
  const error = await t.throwsAsync(store.entries()[Symbol.asyncIterator]().next(), {
    instanceOf: StoreError,
    message: "RedisStore.entries (keyPrefix 'p') failed: no answer within timeoutMs (200 ms).",
  });
  t.true(error.retriable);
  const reason = new Error('no longer wanted');
  controller.abort(reason);
  t.is((await t.throwsAsync(entries.next(), { instanceOf: StoreError })).cause, reason);
});

test('entries of a cluster fail while a slot has no master: its keys would be missing silently', async (t) => {
  const node = (port: number) => ({
    options: { host: 'h', port },
    ...unused,
    call: () => Promise.resolve(['0', [`p/${port}`]]),
  });
  const slots = Array.from({ length: 16_384 }, (_none, slot) => [slot < 9 ? 'h:1' : 'h:2', 'h:3']);
  const listing = (masters: number[]) => {
    const client = { ...node(0), slots, nodes: () => masters.map(node) };
    const entries = new RedisStore({ client, keyPrefix: 'p' }).entries();
    return entries[Symbol.asyncIterator]().next();
  };
  const error = await t.throwsAsync(listing([2]), {
    instanceOf: StoreError,
    message: /the client is not connected to a master of slot 0 \(h:1\)/,
  });
  t.true(error.retriable);
  slots.pop();
  await t.throwsAsync(listing([1, 2]), {
    message: /not connected to a master of slot 16383 \(no node serves it\)/,
  });
});

redis.test('a key that holds something else is named, and is not retriable', async (t, { port }) => {
  const client = redisClient(t, port);
  const keyPrefix = randomName('store');
  await client.lpush(`${keyPrefix}/list`, 'x');
  const store = new RedisStore({ client, keyPrefix });
  const error = await t.throwsAsync(store.get('list'), { instanceOf: StoreError, message: /WRONGTYPE/ });
  t.deepEqual(error.keys, ['list']);
  t.false(error.retriable);
});

redis.test('a transaction that is refused leaves nothing open, and says what failed', async (t, { port }) => {
  const admin = redisClient(t, port);
  const user = randomName('user');
  await admin.call('ACL', 'SETUSER', user, 'on', '>secret', '~allowed/*', '+@all');
  const client = redisClient(t, port, { username: user, password: 'secret' });
  const multi = new MultiRedisStore({ client, tenancy, ttlMs: 60_000 });
  const one = Buffer.from('1');
  const error = await t.throwsAsync(
    multi.push(new MultiMap().set('allowed', 'a', one).set('refused', 'b', one)),
    { instanceOf: StoreError, message: /NOPERM/ },
  );
  t.false(error.retriable);
  t.deepEqual(error.keys.toSorted(), ['a', 'b']);
  t.deepEqual(error.written, []);
  t.is(
    (await multi.fetch([{ tenant: 'allowed', key: 'a' }])).size,
    0,
    'nothing of the transaction is written',
  );
  await multi.push(new MultiMap().set('allowed', 'a', one));
  t.deepEqual(await multi.tenant('allowed').get('a'), one, 'the connection is not in a transaction');
});

test('replies to commands between MULTI and EXEC are looked at', async (t) => {
  const refused = Object.assign(new Error('OOM command not allowed'), { name: 'ReplyError' });
  const client = {
    options: {},
    ...unused,
    multi: () => ({
      exec: () =>
        Promise.resolve<[Error | null, unknown][]>([
          [null, 'OK'],
          [refused, undefined],
          [null, 'QUEUED'],
        ]),
    }),
  };
  const store = new RedisStore({ client, keyPrefix: 'p', ttlMs: 1000 });
  const one = Buffer.from('1');
  const error = await t.throwsAsync(
    store.putAll([
      ['a', one],
      ['b', one],
      ['c', one],
      ['d', one],
    ]),
    { instanceOf: StoreError },
  );
  t.deepEqual(error.written, [{ key: 'a' }]);
  t.deepEqual(
    error.failures.map(({ key, retriable }) => [key, retriable]),
    [
      ['b', true],
      ['c', false],
      ['d', true],
    ],
  );
  t.is(
    error.message,
    "RedisStore.putAll (keyPrefix 'p') failed for 3 of 4 keys: key 'b': OOM command not allowed " +
      "(maxmemory is reached: writes succeed again once keys have expired or been removed); key 'c': Redis answered QUEUED; " +
      "key 'd': the answer does not mention it. 1 of the keys were written. Where no answer came, the write may still have been done.",
  );
});

redis.test('without replicas enough a write fails, though the master has it', async (t, { port }) => {
  const client = redisClient(t, port);
  for (const ttl of [{}, { ttlMs: 60_000 }]) {
    const store = new RedisStore({
      client,
      keyPrefix: randomName('store'),
      replicas: 1,
      timeoutMs: 2_000,
      ...ttl,
    });
    const error = await t.throwsAsync(store.put('a', Buffer.from('1')), {
      instanceOf: StoreError,
      message: /it was written, but only 0 of 1 replicas have it/,
    });
    t.true(error.retriable);
    t.deepEqual(error.keys, ['a']);
    t.deepEqual(await store.get('a'), Buffer.from('1'));
  }
});

redis.test("flush: 'bgsave' waits until a save that began after the call is done", async (t, { port }) => {
  const client = redisClient(t, port);
  const store = new RedisStore({ client, keyPrefix: randomName('store'), flush: 'bgsave' });
  const savesBefore = /rdb_saves:(\d+)/.exec(await client.info('persistence'))?.[1];
  await store.put('a', Buffer.from('1'));
  await store.flush();
  const after = await client.info('persistence');
  t.is(Number(/rdb_saves:(\d+)/.exec(after)?.[1]), Number(savesBefore) + 1);
  t.regex(after, /rdb_bgsave_in_progress:0/);
  await Promise.all([store.flush(), store.flush()]);
});

testOnOwn('redis', 'a call that is aborted ends at once, with the reason', async (t, { port }) => {
  const client = redisClient(t, port);
  const store = new RedisStore({ client, keyPrefix: randomName('store') });
  await store.put('a', Buffer.from('1'));
  const reason = new Error('no longer wanted');
  const aborted = AbortSignal.abort(reason);
  const error = await t.throwsAsync(store.get('a', { signal: aborted }), {
    instanceOf: StoreError,
    message: /aborted: no longer wanted/,
  });
  t.is(error.cause, reason);
  await client.call('CLIENT', 'PAUSE', '300', 'ALL');
  const controller = new AbortController();
  const reading = store.get('a', { signal: controller.signal });
  controller.abort(reason);
  t.is((await t.throwsAsync(reading, { instanceOf: StoreError })).cause, reason);
});

test('a key or value that Redis cannot take is refused before anything is sent', async (t) => {
  const client = {
    options: {},
    ...unused,
  };
  const store = new RedisStore({ client, keyPrefix: 'p' });
  const tooLong = Buffer.alloc(0);
  Object.defineProperty(tooLong, 'length', { value: 512 * 1024 * 1024 + 1 });
  const error = await t.throwsAsync(
    store.putAll([
      ['good', Buffer.from('1')],
      ['bad', tooLong],
    ]),
    {
      instanceOf: StoreError,
      message: /the value of key 'bad' has 536870913 bytes, and Redis accepts at most 512 MB/,
    },
  );
  t.deepEqual(error.keys, ['bad']);
});

test('options are checked, all at once', (t) => {
  const client = {
    options: {},
    ...unused,
  };
  t.throws(
    () =>
      new RedisStore({ client: {}, keyPrefix: '', ttlMs: 0, timeoutMs: 1.5, ttl: 5, flush: 'save' } as never),
    {
      message: `RedisStore options: 6 problems:
  - unknown option 'ttl'; known are keyPrefix, client, ttlMs, timeoutMs, replicas, flush, fence
  - keyPrefix must be a non-empty string
  - client must be a Redis or a Cluster of ioredis
  - ttlMs must be a whole number from 1 to 9007199254740991, not 0
  - timeoutMs must be a whole number from 1 to 2000000000, not 1.5
  - flush must be "none" or "bgsave", not save`,
    },
  );
  t.throws(() => new RedisStore({ client: { ...client, options: { keyPrefix: 'x:' } }, keyPrefix: 'p' }), {
    message: /the client must have no keyPrefix \(it has 'x:'\)/,
  });
  t.throws(() => new MultiRedisStore({ client, tenancy: 'x' } as never), {
    message: /tenancy must be a function/,
  });
  t.throws(() => new MultiRedisStore({ client, tenancy: () => ({ keyPrefix: '' }) }).tenant('t'), {
    instanceOf: StoreError,
    message: /there is no place for tenant 't': the tenancy function must give \{ keyPrefix \}/,
  });
});
