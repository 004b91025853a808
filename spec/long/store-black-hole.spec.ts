import type { ExecutionContext } from 'ava';
import { FaultProxy } from '../../source/testing/index.ts';
import { ElasticsearchStore } from '../../stores/elasticsearch-store.ts';
import { RedisStore } from '../../stores/redis-store.ts';
import type { Store } from '../../stores/store.ts';
import { randomName } from '../_helpers/servers/services.ts';
import {
  elasticsearchClient,
  redisClient,
  sharedElasticsearch,
  sharedRedis,
} from '../_helpers/servers/store-servers.ts';
import { sumUnderFault } from '../_helpers/jobs/sum-job.ts';

const HOLE_MS = 30_000;

/** The usual time limits: 10 s of Redis end within the hole, 30 s of Elasticsearch when it does. */
const stores = {
  redis: {
    server: sharedRedis(),
    open: (t: ExecutionContext, port: number): Store =>
      new RedisStore({ client: redisClient(t, port), keyPrefix: randomName('sums') }),
    message: /no answer within timeoutMs \(10000 ms\)/,
  },
  elasticsearch: {
    server: sharedElasticsearch(),
    open: (t: ExecutionContext, port: number): Store =>
      new ElasticsearchStore({
        client: elasticsearchClient(t, port, { maxRetries: 0 }),
        index: randomName('sums'),
      }),
    message: /no answer/,
  },
} as const;

for (const [name, { server, open, message }] of Object.entries(stores)) {
  for (const withOffsets of [true, false]) {
    const sums = withOffsets ? 'exact with offsets in the values' : 'never too small';
    server.test(
      `when ${name} stops answering for 30 seconds, the job goes on after it, and sums are ${sums}`,
      async (t, { port }) => {
        t.timeout(180_000);
        const proxy = await FaultProxy.start({ target: { port } });
        t.teardown(() => proxy.close());
        let over: Promise<void> | undefined;
        const error = await sumUnderFault(
          t,
          open(t, proxy.port),
          {
            strike: () => {
              proxy.blackHole();
              over = new Promise((resolve) =>
                setTimeout(() => {
                  // What hangs is for the client to drop.
                  proxy.reset();
                  proxy.pass();
                  resolve();
                }, HOLE_MS),
              );
            },
            heal: () => over,
          },
          withOffsets,
        );
        t.regex(error.message, message);
        t.true(error.retriable);
      },
    );
  }
}
