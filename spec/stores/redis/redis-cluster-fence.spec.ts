import type { ExecutionContext } from 'ava';
import type { StartedServer } from '../../../scripts/services/started-server.ts';
import { FencedError, StoreError } from '../../../source/kernel/errors.ts';
import { RedisStore } from '../../../stores/redis-store.ts';
import { connectionName, storeOwner } from '../../_helpers/fakes/store-owners.ts';
import { randomName } from '../../_helpers/servers/services.ts';
import { clusterClient, redisClient, sharedRedisCluster } from '../../_helpers/servers/store-servers.ts';
import { until } from '../../_helpers/until.ts';

const cluster = sharedRedisCluster();
const keys = Array.from({ length: 100 }, (_none, n) => `key-${n}`);
const all = (text: string) => keys.map((key) => [key, Buffer.from(text)] as const);

/** On how many masters a connection has this name. */
async function mastersWith(
  t: ExecutionContext,
  nodes: readonly Pick<StartedServer, 'port'>[],
  name: string,
): Promise<number> {
  const found = await Promise.all(
    nodes.map(async ({ port }) => {
      const client = redisClient(t, port);
      const role = await client.role();
      const list = String(await client.client('LIST'));
      client.disconnect();
      return role[0] === 'master' && list.includes(` name=${name} `);
    }),
  );
  return found.filter(Boolean).length;
}

cluster.test(
  'on a cluster the connections to each master have the name of the run, and are closed on each',
  async (t, { nodes }) => {
    const keyPrefix = randomName('fence');
    const open = () => new RedisStore({ client: clusterClient(t, nodes), keyPrefix });
    const [old, next] = [open(), open()];
    const before = storeOwner();
    await old.fence(before).done;
    await old.putAll(all('1'));
    t.is(await mastersWith(t, nodes, connectionName(before)), 3);
    before.isFenced = true;
    const owner = storeOwner({ former: [before] });
    await next.fence(owner).done;
    t.is(await mastersWith(t, nodes, connectionName(before)), 0);
    await next.putAll(all('2'));
    const error = await t.throwsAsync(old.putAll(all('3')), { instanceOf: StoreError });
    t.true(error.cause instanceof FencedError, String(error.cause));
    const values = await next.getAll(keys);
    t.deepEqual([...new Set([...values.values()].map(String))], ['2']);
    t.deepEqual(owner.logger.messages('warn'), []);
  },
);

cluster.test(
  'on a cluster a write whose connection was lost is sent again after the claims were read',
  async (t, { nodes }) => {
    const store = new RedisStore({ client: clusterClient(t, nodes), keyPrefix: randomName('fence') });
    const owner = storeOwner();
    await store.fence(owner).done;
    await store.putAll(all('1'));
    t.is(owner.asked, 1);
    let isOver = false;
    const writing = (async () => {
      for (let n = 2; !isOver; n++) await store.putAll(all(String(n)));
    })();
    // Its failure is told below.
    writing.catch(() => undefined);
    // Of one master: a client that loses all at the same moment gives its calls up.
    for (const { port } of nodes) {
      const killer = redisClient(t, port);
      const list = String(await killer.client('LIST'));
      const named = list.split('\n').filter((each) => each.includes(connectionName(owner)));
      for (const line of named) await killer.client('KILL', 'ID', /id=(\d+)/.exec(line)?.[1] ?? '');
      if (named.length > 0) break;
    }
    await until(() => owner.asked > 1, { deadlineMs: 20_000, what: 'the claims to be read again' });
    isOver = true;
    await writing;
    t.is((await store.getAll(keys)).size, keys.length);
  },
);
