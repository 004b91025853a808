import { KasperError } from '../../../source/kernel/errors.ts';
import { RedisStore } from '../../../stores/redis-store.ts';
import { randomName } from '../../_helpers/servers/services.ts';
import { clusterClient, sharedRedisCluster } from '../../_helpers/servers/store-servers.ts';
import { until } from '../../_helpers/until.ts';

const cluster = sharedRedisCluster();

cluster.test(
  'after a master is killed its replica takes over, and calls succeed again',
  async (t, { nodes }) => {
    const client = clusterClient(t, nodes);
    const options = { client, keyPrefix: randomName('store'), timeoutMs: 5_000 };
    const entries = Array.from(
      { length: 300 },
      (_none, at) => [`key-${at}`, Buffer.from(String(at))] as const,
    );
    const keys = entries.map(([key]) => key);
    await new RedisStore({ ...options, replicas: 1 }).putAll(entries);

    const [address = ''] = client.slots[0] ?? [];
    const killed = nodes.find(({ port }) => address.endsWith(`:${port}`));
    t.truthy(killed);
    await killed?.kill();

    const store = new RedisStore(options);
    let failures = 0;
    await until(
      async () => {
        try {
          await store.putAll(entries.map(([key]) => [key, Buffer.from('after')] as const));
          return true;
        } catch (error) {
          if (!KasperError.is(error) || error.code !== 'STORE' || !error.retriable) throw error;
          failures++;
          const found = 'failures' in error && Array.isArray(error.failures) ? error.failures.length : 0;
          t.true(found > 0 && found < keys.length, 'the keys of the other masters are written');
          return false;
        }
      },
      { deadlineMs: 60_000, what: 'a putAll that succeeds' },
    );
    const found = await store.getAll(keys);
    t.is(found.size, 300);
    t.true([...found.values()].every((value) => value.toString() === 'after'));
    t.log(`${failures} calls failed before`);
  },
);
