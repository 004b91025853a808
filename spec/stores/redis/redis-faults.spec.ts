import type { ExecutionContext } from 'ava';
import { startRedis } from '../../../scripts/services/redis-server.ts';
import type { StartedServer } from '../../../scripts/services/started-server.ts';
import { StoreError } from '../../../source/kernel/errors.ts';
import { FaultProxy } from '../../../source/testing/index.ts';
import { RedisStore } from '../../../stores/redis-store.ts';
import { randomName, testOnOwn, testWith } from '../../_helpers/servers/services.ts';
import { redisClient } from '../../_helpers/servers/store-servers.ts';
import { sumUnderFault, type StoreFault } from '../../_helpers/jobs/sum-job.ts';
import { until } from '../../_helpers/until.ts';

interface Scene {
  readonly server: StartedServer;
  readonly proxy: FaultProxy;
  readonly admin: ReturnType<typeof redisClient>;
}

async function sceneOf(t: ExecutionContext, server: StartedServer): Promise<Scene> {
  const proxy = await FaultProxy.start({ target: { port: server.port } });
  t.teardown(() => proxy.close());
  return { server, proxy, admin: redisClient(t, server.port) };
}

/** No retries of the client: what it meets is seen by the job. */
function storeBehind(t: ExecutionContext, { proxy }: Scene, timeoutMs = 5_000): RedisStore {
  const client = redisClient(t, proxy.port, { maxRetriesPerRequest: 0, retryStrategy: () => 20 });
  return new RedisStore({ client, keyPrefix: randomName('sums'), timeoutMs });
}

const nothing = () => undefined;
const faults: Readonly<
  Record<string, { of: (scene: Scene) => StoreFault; message: RegExp; timeoutMs?: number }>
> = {
  'the reply is cut in half': {
    of: ({ proxy }) => ({
      strike: () => {
        proxy.cutAfter(2);
      },
      heal: nothing,
    }),
    message: /no connection to Redis: .*\(the client reconnects according to its retryStrategy\)/,
  },
  'the connection is reset while the reply is on its way': {
    of: ({ proxy }) => ({
      strike: () => {
        proxy.link({ latencyMs: 300 }, 'to-client');
        setTimeout(() => {
          proxy.reset();
        }, 100);
      },
      heal: () => {
        proxy.pass();
      },
    }),
    message: /no connection to Redis/,
  },
  'the server stops answering': {
    of: ({ proxy }) => ({
      strike: () => {
        proxy.blackHole();
      },
      heal: () => {
        proxy.pass();
      },
    }),
    message: /no answer within timeoutMs \(2000 ms\).* the write may still have been done/,
    timeoutMs: 2_000,
  },
  'the server is out of memory': {
    of: ({ admin }) => ({
      strike: async () => {
        await admin.config('SET', 'maxmemory', '1');
      },
      heal: async () => {
        await admin.config('SET', 'maxmemory', '0');
      },
    }),
    message: /OOM command not allowed .*\(maxmemory is reached/,
  },
  'the server has become a replica': {
    of: ({ admin }) => ({
      strike: async () => {
        await admin.replicaof('127.0.0.1', 1);
      },
      heal: async () => {
        await admin.replicaof('NO', 'ONE');
      },
    }),
    message: /READONLY .*\(the node is a replica: a failover is in progress/,
  },
};

for (const [title, { of, message, timeoutMs }] of Object.entries(faults)) {
  for (const withOffsets of [true, false]) {
    const sums = withOffsets ? 'with offsets in the values sums are exact' : 'sums are never too small';
    testOnOwn('redis', `when ${title}, the job goes on after it, and ${sums}`, async (t, server) => {
      const scene = await sceneOf(t, server);
      const error = await sumUnderFault(t, storeBehind(t, scene, timeoutMs), of(scene), withOffsets);
      t.regex(error.message, message);
      t.true(error.retriable);
    });
  }
}

for (const withOffsets of [true, false]) {
  const sums = withOffsets ? 'exact with offsets in the values' : 'never too small';
  testWith(
    ['redis-server'],
    `when the server is killed in a write and restarted, sums are ${sums}`,
    async (t) => {
      const args = ['--appendonly', 'yes', '--appendfsync', 'always'];
      const server = await startRedis({ args });
      t.teardown(() => server.stop());
      const scene = await sceneOf(t, server);
      let killed: Promise<void> | undefined;
      const error = await sumUnderFault(
        t,
        storeBehind(t, scene),
        {
          strike: () => {
            // The write reaches the server, its reply does not come back.
            scene.proxy.link({ latencyMs: 10_000 }, 'to-client');
            setTimeout(() => {
              killed = server.kill();
              scene.proxy.reset();
            }, 100);
          },
          heal: async () => {
            await killed;
            scene.proxy.pass();
            const again = await startRedis({ args, port: server.port, folder: server.folder });
            t.teardown(() => again.stop());
          },
        },
        withOffsets,
      );
      t.regex(error.message, /no connection to Redis/);
    },
  );
}

for (const withOffsets of [true, false]) {
  const sums = withOffsets ? 'exact with offsets in the values' : 'never too small';
  testWith(
    ['redis-server'],
    `when a write meets a server that loads its data after a restart, sums are ${sums}`,
    async (t) => {
      const args = ['--appendonly', 'yes', '--appendfsync', 'always', '--enable-debug-command', 'yes'];
      const first = await startRedis({ args });
      t.teardown(() => first.stop());
      const { port, folder } = first;
      await redisClient(t, port).call('DEBUG', 'POPULATE', '10000');
      const filler = redisClient(t, port);
      await filler.bgrewriteaof();
      await until(async () => (await filler.info('persistence')).includes('aof_rewrite_in_progress:0'), {
        deadlineMs: 20_000,
        what: 'the data to be on disk',
      });
      const options = { enableReadyCheck: false, retryStrategy: () => 20 };
      const client = redisClient(t, port, options);
      const store = new RedisStore({ client, keyPrefix: randomName('sums'), timeoutMs: 20_000 });
      const error = await sumUnderFault(
        t,
        store,
        {
          strike: async () => {
            await first.kill();
            const slow = ['--key-load-delay', '200', '--loading-process-events-interval-bytes', '1024'];
            const again = await startRedis({ args: [...args, ...slow], port, folder });
            t.teardown(() => again.stop());
          },
          heal: async () => {
            await until(async () => (await filler.info('persistence')).includes('\nloading:0'), {
              deadlineMs: 30_000,
              retryErrors: true,
              what: 'the data to be loaded',
            });
          },
        },
        withOffsets,
      );
      t.regex(error.message, /LOADING .*\(the server is still loading its data\)/);
      t.true(error.retriable);
    },
  );
}

testOnOwn(
  'redis',
  'without a connection every method is a StoreError that is retriable',
  async (t, server) => {
    const scene = await sceneOf(t, server);
    scene.proxy.refuse();
    const store = storeBehind(t, scene);
    const one = Buffer.from('1');
    for (const call of [
      () => store.get('a'),
      () => store.getAll(['a', 'b']),
      () => store.put('a', one),
      () => store.putAll([['a', one]]),
      () => store.delete('a'),
      () => store.deleteAll(['a']),
      () => store.entries()[Symbol.asyncIterator]().next(),
    ]) {
      const error = await t.throwsAsync(call(), {
        instanceOf: StoreError,
        message: /no connection to Redis/,
      });
      t.true(error.retriable);
      t.is(error.keys[0], error.operation === 'entries' ? undefined : 'a');
    }
    scene.proxy.pass();
    await until(() => store.put('a', one).then(() => true), {
      deadlineMs: 10_000,
      retryErrors: true,
      what: 'a put that succeeds',
    });
  },
);

testWith(
  ['redis-server'],
  'while the server loads its data, calls fail as retriable, and succeed later',
  async (t) => {
    const args = ['--appendonly', 'yes', '--enable-debug-command', 'yes'];
    const first = await startRedis({ args });
    t.teardown(() => first.stop());
    await redisClient(t, first.port).call('DEBUG', 'POPULATE', '20000');
    const filler = redisClient(t, first.port);
    await filler.bgrewriteaof();
    await until(async () => (await filler.info('persistence')).includes('aof_rewrite_in_progress:0'), {
      deadlineMs: 20_000,
      what: 'the data to be on disk',
    });
    await first.kill();
    const slow = ['--key-load-delay', '100', '--loading-process-events-interval-bytes', '1024'];
    const again = await startRedis({ args: [...args, ...slow], port: first.port, folder: first.folder });
    t.teardown(() => again.stop());
    const client = redisClient(t, again.port, { enableReadyCheck: false });
    const store = new RedisStore({ client, keyPrefix: 'p' });
    const error = await t.throwsAsync(store.put('a', Buffer.from('1')), {
      instanceOf: StoreError,
      message: /LOADING .*\(the server is still loading its data\)/,
    });
    t.true(error.retriable);
    await until(() => store.put('a', Buffer.from('1')).then(() => true), {
      deadlineMs: 30_000,
      retryErrors: true,
      what: 'a put that succeeds',
    });
    t.deepEqual(await store.get('a'), Buffer.from('1'));
  },
);
