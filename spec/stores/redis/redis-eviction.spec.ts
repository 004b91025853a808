import type { ExecutionContext } from 'ava';
import { noopMetrics } from '../../../metrics/noop.ts';
import { int64, StoreError } from '../../../source/index.ts';
import { instrumented } from '../../../stores/instrumented.ts';
import { MultiRedisStore } from '../../../stores/multi-redis-store.ts';
import { RedisStore } from '../../../stores/redis-store.ts';
import type { RedisClient } from '../../../stores/redis/redis-client.ts';
import { withCodec } from '../../../stores/with-codec.ts';
import { startEmbedded } from '../../_helpers/servers/clusters.ts';
import { randomName, testOnOwn } from '../../_helpers/servers/services.ts';
import { silentServer } from '../../_helpers/servers/silent-server.ts';
import { clusterClient, redisClient, sharedRedisCluster } from '../../_helpers/servers/store-servers.ts';
import { folderWith } from '../../cli/job-file.ts';
import { kasper } from '../../cli/memory-io.ts';

const cluster = sharedRedisCluster();

const stores = (client: RedisClient) => ({
  plain: new RedisStore({ client, keyPrefix: 'p' }),
  expiring: new RedisStore({ client, keyPrefix: 'p', ttlMs: 1_000 }),
  multi: new MultiRedisStore({ client, tenancy: () => ({ keyPrefix: 'p' }) }),
});

const warning = (place: string, policy: string) =>
  `${place} may drop values without an error when its memory is full (maxmemory-policy is ${policy}, maxmemory is 0B): set maxmemory-policy to noeviction, so that a write fails instead`;

testOnOwn('redis', 'a server that may evict the keys of a store is told of', async (t, { port }) => {
  const place = `Redis at 127.0.0.1:${port}`;
  for (const options of [{}, { enableAutoPipelining: true }, { replyMapping: 'resp3' }, { protocol: 2 }]) {
    const client = redisClient(t, port, options);
    const { plain, expiring, multi } = stores(client);
    const all = () => Promise.all([plain.warnings(), expiring.warnings(), multi.warnings()]);
    await client.config('SET', 'maxmemory-policy', 'noeviction');
    t.deepEqual(await all(), [[], [], []]);
    await client.config('SET', 'maxmemory-policy', 'allkeys-lfu');
    const one = [warning(place, 'allkeys-lfu')];
    t.deepEqual(await all(), [one, one, one]);
    // Keys without a time to live are never evicted then.
    await client.config('SET', 'maxmemory-policy', 'volatile-lru');
    t.deepEqual(await all(), [[], [warning(place, 'volatile-lru')], []]);
  }
});

testOnOwn('redis', 'where the server may not be asked, nothing is said', async (t, { port }) => {
  const admin = redisClient(t, port);
  await admin.config('SET', 'maxmemory-policy', 'allkeys-lru');
  await admin.call('ACL', 'SETUSER', 'limited', 'on', '>secret', '~*', '+@all', '-info');
  const login = { username: 'limited', password: 'secret', enableReadyCheck: false };
  t.deepEqual(await stores(redisClient(t, port, login)).plain.warnings(), []);
});

testOnOwn('redis', 'what wraps a store passes its warnings on', async (t, { port }) => {
  const client = redisClient(t, port);
  await client.config('SET', 'maxmemory-policy', 'allkeys-random');
  const { plain, multi } = stores(client);
  const measured = { name: 's', metrics: noopMetrics };
  for (const store of [withCodec(plain, int64), withCodec(multi, int64)])
    t.is((await instrumented(store, measured).warnings?.())?.length, 1);
});

cluster.test('the masters of a cluster are told of together', async (t, { nodes }) => {
  const client = clusterClient(t, nodes, { lazyConnect: true });
  for (const { port } of nodes) await redisClient(t, port).config('SET', 'maxmemory-policy', 'allkeys-lru');
  const [text = '', ...others] = await stores(client).plain.warnings();
  t.deepEqual(others, []);
  t.regex(text, /^Redis at 127\.0\.0\.1:\d+ and 2 more of its cluster may drop values .* is allkeys-lru,/);
});

testOnOwn(
  'redis',
  'a question that is not answered ends at the time limit, and with its signal',
  async (t) => {
    const { port } = await silentServer(t);
    const client = redisClient(t, port);
    const store = new RedisStore({ client, keyPrefix: 'p', timeoutMs: 100 });
    await t.throwsAsync(store.warnings(), {
      instanceOf: StoreError,
      message: /RedisStore\.warnings .* no answer within timeoutMs/,
    });
    const reason = new Error('stopped');
    const { plain } = stores(client);
    const { cause } = await t.throwsAsync(plain.warnings({ signal: AbortSignal.abort(reason) }), {
      instanceOf: StoreError,
    });
    t.is(cause, reason);
  },
);

async function evicting(t: ExecutionContext, port: number) {
  await redisClient(t, port).config('SET', 'maxmemory-policy', 'allkeys-lru');
  const { brokers } = await startEmbedded(t, { topics: { words: 1 } });
  const folder = await folderWith(
    t,
    'job.mjs',
    `export default {
      topicProcessorName: '${randomName('evicting')}', inputTopics: ['words'], claims: false,
      stores: (stores) => ({ counts: stores.store('counts'), tenants: stores.multiStore('tenants') }),
      processor: { process() {} },
    };`,
  );
  const store = ['--store', 'redis', '--store-url', `redis://127.0.0.1:${port}`];
  return { folder, args: ['job.mjs', '--brokers', brokers.join(','), ...store] };
}

testOnOwn('redis', 'lint tells of a server that may evict', async (t, { port }) => {
  const { folder, args } = await evicting(t, port);
  const { exitCode, stdout } = await kasper(['lint', ...args], { cwd: folder });
  t.is(exitCode, 0);
  t.true(stdout.endsWith(`\nnote: ${warning(`Redis at 127.0.0.1:${port}`, 'allkeys-lru')}\n`), stdout);
});

testOnOwn(
  'redis',
  'a start warns of a server that may evict, once for all its stores',
  async (t, { port }) => {
    const { folder, args } = await evicting(t, port);
    const { exitCode, stderr } = await kasper(['run', ...args, '--to-end', '--log-level', 'warn', '--json'], {
      cwd: folder,
    });
    t.is(exitCode, 0, stderr);
    const lines = stderr.trimEnd().split('\n');
    const warnings = lines.map(
      (line) => JSON.parse(line) as { message: string; level: string; stores: string },
    );
    const [told, ...others] = warnings.filter(({ message }) => message.includes('may drop values'));
    t.deepEqual(others, []);
    t.like(told, {
      level: 'warn',
      message: warning(`Redis at 127.0.0.1:${port}`, 'allkeys-lru'),
      stores: 'counts,tenants',
    });
  },
);
