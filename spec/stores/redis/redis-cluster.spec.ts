import type { Cluster } from 'ioredis';
import { multiStoreConformance, storeConformance } from '../../../source/testing/index.ts';
import { MultiRedisStore } from '../../../stores/multi-redis-store.ts';
import { MultiMap } from '../../../stores/multi-store.ts';
import { slotOf } from '../../../stores/redis/redis-slots.ts';
import { RedisStore } from '../../../stores/redis-store.ts';
import { randomName } from '../../_helpers/servers/services.ts';
import { clusterClient, redisClient, sharedRedisCluster } from '../../_helpers/servers/store-servers.ts';

const cluster = sharedRedisCluster();
const tenancy = () => ({ keyPrefix: 'counts' });

for (const { title, run } of storeConformance) {
  cluster.test(title, async (t, { nodes }) => {
    const options = { client: clusterClient(t, nodes), keyPrefix: randomName('store') };
    await t.notThrowsAsync(
      run({ store: new RedisStore(options), reopen: () => new RedisStore({ ...options }) }),
    );
  });
  cluster.test(`with ttlMs: ${title}`, async (t, { nodes }) => {
    const options = { client: clusterClient(t, nodes), keyPrefix: randomName('store'), ttlMs: 600_000 };
    await t.notThrowsAsync(
      run({ store: new RedisStore(options), reopen: () => new RedisStore({ ...options }) }),
    );
  });
}

for (const { title, run } of multiStoreConformance) {
  cluster.test(`many tenants: ${title}`, async (t, { nodes }) => {
    const open = () => new MultiRedisStore({ client: clusterClient(t, nodes), tenancy });
    await t.notThrowsAsync(run({ store: open(), reopen: open }));
  });
}

cluster.test('slots are counted as the server counts them, hash tags included', async (t, { nodes }) => {
  const client = redisClient(t, nodes[0]?.port ?? 0);
  for (const key of [
    'a',
    '123456789',
    'a{b}c',
    '{}a',
    'a{b',
    '}{x}',
    '{{x}}',
    'ключ',
    '🔑/{鍵}',
    'x'.repeat(600),
  ])
    t.is(slotOf(key), await client.cluster('KEYSLOT', key), key);
});

cluster.test('ten thousand keys of a kilobyte are one pipeline for each master', async (t, { nodes }) => {
  const client = clusterClient(t, nodes);
  const store = new RedisStore({ client, keyPrefix: randomName('store') });
  await store.get('a');
  const entries = Array.from(
    { length: 10_000 },
    (_none, at) => [`key-${at}`, Buffer.alloc(1000, at & 0xff)] as const,
  );
  let pipelines = 0;
  const { pipeline } = client;
  client.pipeline = (commands) => {
    pipelines++;
    return pipeline.call(client, commands);
  };
  await store.putAll(entries);
  t.is(pipelines, 3);
  const found = await store.getAll(entries.map(([key]) => key));
  t.is(pipelines, 6);
  t.is(found.size, 10_000);
  t.true(entries.every(([key, value]) => found.get(key)?.equals(value)));
  await store.deleteAll(entries.map(([key]) => key));
  t.is(pipelines, 9);
  t.is((await store.getAll(['key-1', 'key-9999'])).size, 0);
});

/** Lets the client believe what is wrong for all slots. */
function mislead(client: Cluster): void {
  const right = client.slots.slice();
  const groups = client._groupsBySlot.slice();
  const masters = [...new Set(right.map(([master]) => master))];
  const slotOfNext = masters.map((_master, at) => {
    const next = masters[(at + 1) % masters.length];
    return right.findIndex(([master]) => master === next);
  });
  for (const [slot, [master]] of right.entries()) {
    const from = slotOfNext[masters.indexOf(master)] ?? 0;
    client.slots[slot] = right[from] ?? [];
    client._groupsBySlot[slot] = groups[from] ?? 0;
  }
}

const written: Readonly<Record<string, { ttlMs?: number; replicas?: number }>> = {
  'also within a call': {},
  'of values that expire': { ttlMs: 600_000 },
  'and confirmed by replicas': { replicas: 1 },
  'of values that expire, and confirmed by replicas': { ttlMs: 600_000, replicas: 1 },
};

for (const [title, options] of Object.entries(written)) {
  cluster.test(`slots that moved are followed, ${title}`, async (t, { nodes }) => {
    const client = clusterClient(t, nodes);
    const keyPrefix = randomName('store');
    const store = new RedisStore({ client, keyPrefix, ...options });
    await store.put('a', Buffer.from('0'));
    mislead(client);
    const entries = Array.from(
      { length: 500 },
      (_none, at) => [`key-${at}`, Buffer.from(String(at))] as const,
    );
    await store.putAll(entries);
    const keys = entries.map(([key]) => key);
    t.is((await store.getAll(keys)).size, 500);
    t.is((await new RedisStore({ client: clusterClient(t, nodes), keyPrefix }).getAll(keys)).size, 500);
    mislead(client);
    await store.deleteAll(keys);
    t.is((await store.getAll(keys)).size, 0);
  });

  cluster.test(`one slot that moved is followed, ${title}`, async (t, { nodes }) => {
    const client = clusterClient(t, nodes);
    const keyPrefix = randomName('{one-slot}');
    const store = new RedisStore({ client, keyPrefix, ...options });
    for (const key of ['a', 'b']) {
      await store.put(key, Buffer.from('0'));
      mislead(client);
    }
    await store.putAll([
      ['c', Buffer.from('1')],
      ['d', Buffer.from('1')],
    ]);
    t.is((await store.getAll(['a', 'b', 'c', 'd'])).size, 4);
  });
}

cluster.test('writes across tenants go to all nodes', async (t, { nodes }) => {
  const multi = new MultiRedisStore({ client: clusterClient(t, nodes), tenancy, replicas: 1 });
  const entries = new MultiMap();
  for (let at = 0; at < 100; at++) entries.set(`t${at % 10}`, `key-${at}`, Buffer.from(String(at)));
  await multi.push(entries);
  const keys = [...entries].flatMap(([tenant, values]) => [...values.keys()].map((key) => ({ tenant, key })));
  const found = await multi.fetch(keys);
  t.is(found.size, 100);
  t.deepEqual(found.get('t7', 'key-17'), Buffer.from('17'));
});

cluster.test("flush: 'bgsave' saves on every master", async (t, { nodes }) => {
  const client = clusterClient(t, nodes);
  const store = new RedisStore({ client, keyPrefix: randomName('store'), flush: 'bgsave' });
  await store.put('a', Buffer.from('1'));
  await store.flush();
  for (const node of client.nodes('master'))
    t.regex(await node.info('persistence'), /rdb_last_bgsave_status:ok/);
});
